/**
 * Lent units may hide an oversell: own stores could sell more, and yet an order of a marketplace finds nothing on our shelves.
 * What of it is not short in all is told beside that, as a finding of its own subject.
 */
import type { Component } from '../database/claims.ts'
import { raise, resolve } from '../database/findings.ts'
import type { Sql } from '../database/pool.ts'
import { hiddenShort, type LentSide } from '../domain/lending.ts'
import type { Context } from './context.ts'

const subjectOf = (variantId: string) => `lent:${variantId}`

export async function noteHiddenShort(
  tx: Sql,
  ctx: Pick<Context, 'newId'>,
  components: ReadonlyMap<string, Component>,
  sides: ReadonlyMap<string, LentSide>,
  now: Date,
): Promise<void> {
  if (sides.size === 0) return
  const short = [...sides].flatMap(([id, side]) => {
    const units = hiddenShort(components.get(id)!.available, side)
    return units > 0 ? [{ id, units }] : []
  })
  if (short.length > 0) {
    const skus = await tx.rows<{ id: string; sku: string }>('select id, sku from variants where id = any($1::uuid[])', [
      short.map(({ id }) => id),
    ])
    const skuOf = new Map(skus.map((row) => [row.id, row.sku]))
    await raise(
      tx,
      short.map(({ id, units }) => ({
        code: 'oversold',
        severity: 'loss' as const,
        accountId: null,
        subject: subjectOf(id),
        data: { sku: skuOf.get(id), units },
      })),
      now,
      ctx.newId,
    )
  }
  const isShort = new Set(short.map(({ id }) => id))
  await noHiddenShort(
    tx,
    [...sides.keys()].filter((id) => !isShort.has(id)),
    now,
  )
}

/** Nothing is hidden of these, or they are lent no more. */
export async function noHiddenShort(tx: Sql, variantIds: readonly string[], now: Date): Promise<void> {
  if (variantIds.length > 0) await resolve(tx, 'oversold', variantIds.map(subjectOf), now)
}
