export interface Page<V> {
  nodes: V[]
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null }
}

export class BadCursor extends Error {}

/** A list holds 250 at most (facts: channels.md §3). */
const largestPage = 250

const encode = (place: unknown) => Buffer.from(JSON.stringify(place)).toString('base64url')

/** What comes behind the cursor, in the list's order; a place that is gone meanwhile does not matter. */
export function page<T, V>(
  list: readonly T[],
  { first, after }: { first?: number | null; after?: string | null },
  place: (one: T) => string,
  view: (one: T) => V,
): Page<V> {
  if (first == null || first < 1 || first > largestPage) throw new BadCursor('first must lie between 1 and 250')
  const rest = after == null ? list : behind(list, after, place)
  const shown = rest.slice(0, first)
  return {
    nodes: shown.map(view),
    pageInfo: {
      hasNextPage: rest.length > shown.length,
      hasPreviousPage: after != null,
      startCursor: shown[0] ? encode(place(shown[0])) : null,
      endCursor: shown.length > 0 ? encode(place(shown.at(-1)!)) : null,
    },
  }
}

/** The list is in the order of its places. */
function behind<T>(list: readonly T[], cursor: string, place: (one: T) => string): readonly T[] {
  let known: unknown
  try {
    known = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    known = undefined
  }
  if (typeof known !== 'string') throw new BadCursor(`'${cursor}' is not a valid cursor`)
  return list.filter((one) => compare(place(one), known as string) > 0)
}

/** Numbers of the same length and times compare as texts; others by their length first. */
export const compare = (one: string, other: string): number =>
  one.length !== other.length ? one.length - other.length : one < other ? -1 : one > other ? 1 : 0
