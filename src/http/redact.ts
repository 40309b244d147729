/**
 * The journal keeps types and shapes, not values. Only values under keys that a channel names as harmless stay:
 * whatever is unknown is hidden, so a new field of a channel can never leak buyer data.
 */
export type Kept = ReadonlySet<string>

const limits = { depth: 12, items: 50, text: 200 }

export function redact(value: unknown, keep: Kept, key = '', depth = 0): unknown {
  if (value === null || typeof value === 'boolean') return value
  if (depth > limits.depth) return '‹deeper›'
  if (Array.isArray(value)) {
    const items = value.slice(0, limits.items).map((item) => redact(item, keep, key, depth + 1))
    return value.length > limits.items ? [...items, `‹${value.length - limits.items} more›`] : items
  }
  if (typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value as Record<string, unknown>)
        .slice(0, 100)
        .map(([name, inner]) => [isName(name) ? name : `‹key ${name.length}›`, redact(inner, keep, name, depth + 1)]),
    )
  }
  if (keep.has(key)) return typeof value === 'string' ? value.slice(0, limits.text).toWellFormed() : value
  return typeof value === 'string' ? `‹text ${value.length}›` : `‹${typeof value}›`
}

/** A field's name; an answer keyed by e-mail addresses or SKUs has other keys, which are values in truth. */
function isName(key: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,60}$/.test(key)
}
