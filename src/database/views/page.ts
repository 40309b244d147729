/** Keyset pages: the cursor names the last row's sort values, so pages neither skip nor repeat while rows arrive. */
import { Problem } from '../../domain/errors.ts'

export interface Page<T> {
  items: T[]
  nextCursor: string | null
}

export interface PageQuery {
  limit: number
  cursor?: string | undefined
}

export function writeCursor(values: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

export function readCursor(cursor: string, size: number): unknown[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (Array.isArray(values) && values.length === size) return values
  } catch {}
  throw new Problem('bad_request', { message: 'cursor: it is not one that a list answered' })
}

/** Collects conditions with their values; `?` stands for the value's place. */
export function conditions(...values: unknown[]) {
  const parts: string[] = []
  return {
    values,
    add(text: string, ...more: unknown[]) {
      parts.push(text.replaceAll('?', () => `$${values.push(more.length > 1 ? more.shift() : more[0])}`))
    },
    get where() {
      return parts.length === 0 ? '' : `where ${parts.join(' and ')}`
    },
  }
}

/** Cuts the one row too many that tells of a next page. */
export function toPage<T>(rows: T[], limit: number, keyOf: (row: T) => unknown[]): Page<T> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: rows.length > limit && last ? writeCursor(keyOf(last)) : null }
}
