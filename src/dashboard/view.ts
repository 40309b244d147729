import { useNavigate, useSearch } from '@tanstack/react-router'

/** The whole state of a view stands in its address, as plain text. */
export type View = Record<string, string | undefined>

export function parseSearch(text: string): View {
  return Object.fromEntries(new URLSearchParams(text))
}

export function stringifySearch(view: Record<string, unknown>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(view)) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value))
  }
  const text = query.toString()
  return text ? `?${text}` : ''
}

export interface Choice<T extends string> {
  value: T
  /** What the address asked for and nobody knows; the page says so instead of quietly showing something else. */
  unknown: string | null
}

export function choose<T extends string>(asked: string | undefined, known: readonly T[], fallback: T): Choice<T> {
  if (asked === undefined || asked === '') return { value: fallback, unknown: null }
  const found = known.find((one) => one === asked)
  return found === undefined ? { value: fallback, unknown: asked } : { value: found, unknown: null }
}

export function useView(): [View, (patch: View) => void] {
  const view = useSearch({ strict: false }) as View
  const navigate = useNavigate()
  const set = (patch: View) => {
    void navigate({ to: '.', search: ((old: View) => ({ ...old, ...patch })) as never, replace: true })
  }
  return [view, set]
}
