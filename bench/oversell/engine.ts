/** Virtual time, and chance from a seed. */
import type { Delay } from './assumptions.ts'

/** A generator of numbers from 0 to 1, the same for the same seed. */
export function chanceFrom(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export const exponential = (chance: () => number, mean: number): number => -Math.log(1 - chance()) * mean

export const delayOf = (chance: () => number, { least, mean, most }: Delay): number =>
  Math.min(most, least + exponential(chance, mean))

interface Due {
  at: number
  order: number
  run: () => void
}

/** What is to happen, by time; at one moment, in the order in which it was planned. */
export class Agenda {
  now = 0
  #heap: Due[] = []
  #count = 0

  /** Moments are whole milliseconds, as they are in the product: what is kept in a database happens at the same ones. */
  plan(at: number, run: () => void): void {
    const due = { at: Math.max(Math.ceil(at), this.now), order: (this.#count += 1), run }
    const heap = this.#heap
    let index = heap.length
    heap.push(due)
    while (index > 0) {
      const above = (index - 1) >> 1
      if (!isBefore(due, heap[above]!)) break
      heap[index] = heap[above]!
      index = above
    }
    heap[index] = due
  }

  /** Does everything until then. */
  runUntil(until: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= until) {
      const due = this.#pop()
      this.now = due.at
      due.run()
    }
    this.now = until
  }

  #pop(): Due {
    const heap = this.#heap
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let index = 0
    for (;;) {
      let below = 2 * index + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1
      if (!isBefore(heap[below]!, last)) break
      heap[index] = heap[below]!
      index = below
    }
    heap[index] = last
    return first
  }
}

const isBefore = (one: Due, other: Due): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order)
