/** State of one generator: four 32-bit words, so that a snapshot can hold it. */
export type RandomState = [number, number, number, number]

/** One stream of seeded numbers. */
export interface Random {
  /** 0 ≤ x < 1 */
  next(): number
  /** whole number, both ends included */
  between(low: number, high: number): number
  chance(share: number): boolean
  pick<T>(items: readonly T[]): T
  shuffle<T>(items: readonly T[]): T[]
  digits(count: number): string
  letters(count: number): string
  uuid(): string
}

/**
 * First state of a named stream. Each use has its own stream, so that e.g. one more read does not change what the
 * buyers do.
 */
export function seedState(seed: number, stream: string): RandomState {
  let hash = (seed ^ 0x9e3779b9) >>> 0
  for (let i = 0; i < stream.length; i++) hash = Math.imul(hash ^ stream.charCodeAt(i), 0x01000193) >>> 0
  const state: RandomState = [hash, Math.imul(hash, 0x85ebca6b) >>> 0, Math.imul(seed, 0xc2b2ae35) >>> 0, 1]
  for (let i = 0; i < 15; i++) advance(state)
  return state
}

/** sfc32 (public domain, Chris Doty-Humphrey): small, fast, passes PractRand. Changes `state`. */
function advance(state: RandomState): number {
  const sum = (((state[0] + state[1]) | 0) + state[3]) | 0
  state[3] = (state[3] + 1) | 0
  state[0] = state[1] ^ (state[1] >>> 9)
  state[1] = (state[2] + (state[2] << 3)) | 0
  state[2] = (((state[2] << 21) | (state[2] >>> 11)) + sum) | 0
  return (sum >>> 0) / 4294967296
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** Numbers from `state`, which moves on with each. */
export function createRandom(state: RandomState): Random {
  const next = () => advance(state)
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  const text = (count: number, from: string) => {
    let result = ''
    for (let i = 0; i < count; i++) result += from[between(0, from.length - 1)]
    return result
  }
  return {
    next,
    between,
    chance: (share) => next() < share,
    pick: (items) => items[between(0, items.length - 1)]!,
    shuffle(items) {
      const result = [...items]
      for (let i = result.length - 1; i > 0; i--) {
        const j = between(0, i)
        ;[result[i], result[j]] = [result[j]!, result[i]!]
      }
      return result
    },
    digits: (count) => text(count, '0123456789'),
    letters: (count) => text(count, alphabet),
    uuid() {
      const hex = text(32, '0123456789abcdef')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
    },
  }
}
