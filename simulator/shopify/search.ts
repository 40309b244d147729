/**
 * As much of the store's search language as callers of the simulator need: `field:value` and `field:>=value`, quoted or
 * not, joined by AND (or nothing) and OR. What it does not know is refused, so that a typing mistake is not an empty list.
 */
interface Term {
  field: string
  comparator: '' | '>=' | '>' | '<=' | '<'
  value: string
}

export class UnknownSearch extends Error {}

/** Alternatives of terms that must all hold. */
export function parseSearch(text: string, known: readonly string[]): Term[][] {
  const alternatives: Term[][] = [[]]
  const token = /\s*(?:(OR|AND)(?=\s)|([a-z_]+):(>=|<=|>|<)?(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\S+)))\s*/y
  while (token.lastIndex < text.length) {
    const match = token.exec(text)
    if (!match) throw new UnknownSearch(`the search '${text}' is not understood`)
    const [, word, field, comparator, double, single, plain] = match
    if (word === 'OR') alternatives.push([])
    else if (field !== undefined) {
      if (!known.includes(field)) throw new UnknownSearch(`'${field}' cannot be searched for`)
      const value = (double ?? single)?.replace(/\\(.)/g, '$1') ?? plain ?? ''
      alternatives.at(-1)!.push({ field, comparator: (comparator ?? '') as Term['comparator'], value })
    }
  }
  return alternatives
}

/** `read` gives what an object holds under a field. Texts are compared without their case, times as moments. */
export function matches(alternatives: readonly Term[][], read: (field: string) => string | number | null): boolean {
  return alternatives.some((terms) => terms.every((term) => holds(term, read(term.field))))
}

function holds({ comparator, value }: Term, held: string | number | null): boolean {
  if (held === null) return false
  if (typeof held === 'string') return comparator === '' && held.toLowerCase() === value.toLowerCase()
  const wanted = Date.parse(value)
  if (Number.isNaN(wanted)) return false
  if (comparator === '>=') return held >= wanted
  if (comparator === '>') return held > wanted
  if (comparator === '<=') return held <= wanted
  if (comparator === '<') return held < wanted
  return held === wanted
}
