/** Choices that a seed makes. */
import type { Installation } from './installation.ts'

export const pick = <T>(it: Installation, list: readonly T[]): T => list[Math.floor(it.random() * list.length)]!

/** From 1 to n. */
export const upTo = (it: Installation, n: number): number => 1 + Math.floor(it.random() * n)

/** A SKU of ours: the one where operations should meet, or any. */
export const someSku = (it: Installation): string =>
  it.focus ??
  pick(
    it,
    it.catalog.filter((one) => one.storefront),
  ).sku
