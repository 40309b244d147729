import { json } from '../http.ts'

const typeOf = 'https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes'

/** An error of V3. */
export const refusal = (status: number, title: string, errors: Record<string, unknown> = {}): Response =>
  json(status, { status, title, type: typeOf, errors }, { 'content-type': 'application/problem+json' })

/** An error of V2: a list. */
export const refusalV2 = (status: number, message: string, details?: Record<string, unknown>): Response =>
  json(status, [{ status, message, ...(details ? { details } : {}) }])

export const accepted = (data: unknown, status = 200): Response => json(status, { data, meta: {} })

/** An empty list of V2 has no body at all. */
export const listV2 = (entries: readonly unknown[]): Response =>
  entries.length === 0 ? new Response(null, { status: 204 }) : json(200, entries)

/** A page of V3. */
export function pageOf<T>(entries: readonly T[], query: URLSearchParams, most: number, write: (one: T) => unknown) {
  const limit = Math.min(most, Math.max(1, Number(query.get('limit')) || 50))
  const page = Math.max(1, Number(query.get('page')) || 1)
  const part = entries.slice((page - 1) * limit, page * limit)
  const last = Math.max(1, Math.ceil(entries.length / limit))
  const link = (number: number) => `?page=${number}&limit=${limit}`
  const pagination = {
    total: entries.length,
    count: part.length,
    per_page: limit,
    current_page: page,
    total_pages: last,
    links: {
      ...(page > 1 ? { previous: link(page - 1) } : {}),
      current: link(page),
      ...(page < last ? { next: link(page + 1) } : {}),
    },
  }
  return json(200, { data: part.map(write), meta: { pagination } })
}

/** `a,b,c` of a filter like `id:in`. */
export const listed = (query: URLSearchParams, name: string): Set<string> | undefined =>
  query.has(name) ? new Set(query.get(name)!.split(',')) : undefined
