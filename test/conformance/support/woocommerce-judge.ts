/** What WooCommerce says of its own routes (the output of WordPress's discovery), and what it says of single requests and answers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { specsDir } from './models.ts'

interface Schema {
  type?: string | string[]
  enum?: unknown[]
  minimum?: number
  maximum?: number
  required?: boolean
  readonly?: boolean
  properties?: Record<string, Schema>
  items?: Schema
}

interface Route {
  endpoints: { methods: string[]; args: Record<string, Schema> }[]
  schema?: Schema | null
}

export interface WooJudge {
  /** What does not fit; empty where all does. Undefined: the spec has no such route. */
  request(method: string, path: string, query: URLSearchParams, body: unknown): string[] | undefined
  answer(method: string, path: string, status: number, body: unknown): string[]
  /** Fields of a resource. */
  fields(route: string): Set<string>
}

/** WordPress's own, on every route. */
const globalQuery = new Set(['_fields', '_embed', '_envelope'])

/**
 * Beside the spec: marked read-only there and taken all the same (developer.woocommerce.com, order refunds: `line_items` with
 * `refund_total`, `refund_tax`; order line items with `subtotal`).
 */
const takenAllTheSame = new Set(['/wc/v3/orders/(?P<order_id>[\\d]+)/refunds line_items'])
const refundLine: Schema = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    quantity: { type: 'integer' },
    refund_total: { type: 'number' },
    refund_tax: {
      type: 'array',
      items: { type: 'object', properties: { id: { type: 'integer' }, refund_total: { type: 'number' } } },
    },
  },
}

/** Told by a running 10.0.2, and missing in its schema. */
const beside: Record<string, string[]> = {
  '/wc/v3/products': [],
  '/wc/v3/products/(?P<product_id>[\\d]+)/variations': ['name', 'parent_id', 'date_created_gmt', 'date_modified_gmt'],
  '/wc/v3/orders': [],
}
const nullable = new Set(['stock_quantity', 'parent_name', 'email'])

export function createWooJudge(): WooJudge {
  const file = join(specsDir(), 'woocommerce', 'wc-v3-routes.wc10.0.2.json')
  const { routes } = JSON.parse(readFileSync(file, 'utf8')) as { routes: Record<string, Route> }
  const patterns = Object.keys(routes).map((name) => ({
    name,
    pattern: new RegExp(`^${name.replace(/\(\?P</g, '(?<')}$`),
  }))
  // The one with more written out goes first: `/orders/statuses` before `/orders/{id}`.
  const find = (path: string) =>
    patterns
      .filter(({ pattern }) => pattern.test(path))
      .sort((a, b) => a.name.split('(').length - b.name.split('(').length)[0]?.name

  function request(method: string, path: string, query: URLSearchParams, body: unknown): string[] | undefined {
    const name = find(path)
    const route = name === undefined ? undefined : routes[name]
    const endpoint = route?.endpoints.find(({ methods }) => methods.includes(method))
    if (!name || !endpoint) return undefined
    const faults: string[] = []
    for (const [key, value] of query) {
      if (key.startsWith('oauth_') || globalQuery.has(key)) continue
      const schema = endpoint.args[key]
      if (schema) faults.push(...judgeText(key, value, schema))
      else faults.push(`${key}: no parameter`)
    }
    if (body === undefined) return faults
    const sent = body as Record<string, unknown>
    if (name.endsWith('/batch')) {
      for (const [key, list] of Object.entries(sent)) {
        if (!['create', 'update', 'delete'].includes(key)) faults.push(`${key}: no part of a batch`)
        if (!Array.isArray(list) || list.length > 100) faults.push(`${key}: not a list of at most 100`)
        else for (const one of list) faults.push(...judgeBody(name, one as object, endpoint.args, ['id']))
      }
      return faults
    }
    return [...faults, ...judgeBody(name, sent, endpoint.args, [])]
  }

  function judgeBody(name: string, body: object, args: Record<string, Schema>, more: string[]): string[] {
    return Object.entries(body).flatMap(([key, value]) => {
      if (takenAllTheSame.has(`${name} ${key}`)) return judge(key, value, { type: 'array', items: refundLine }, true)
      const schema = args[key]
      if (!schema) return more.includes(key) ? [] : [`${key}: no field to send`]
      return judge(key, value, schema, true)
    })
  }

  function answer(method: string, path: string, status: number, body: unknown): string[] {
    if (status >= 400) return judgeFault(body, status)
    const name = find(path)!
    const base = name.endsWith('/batch') ? name.slice(0, -'/batch'.length) : name
    const schema = resourceOf(base)
    if (name.endsWith('/batch')) {
      const list = (body as { update?: unknown[] }).update ?? []
      return list.flatMap((one, index) => {
        const fault = (one as { error?: { data?: { status?: number } } }).error
        return fault ? judgeFault(fault, fault.data?.status ?? 0) : judgeResource(base, schema, one, `update/${index}`)
      })
    }
    const isList = method === 'GET' && !/\)$/.test(name) && Array.isArray(body)
    const all = isList ? (body as unknown[]) : [body]
    return all.flatMap((one, index) => judgeResource(base, schema, one, isList ? `[${index}]` : ''))
  }

  /** The routes of one thing and of all of them share a schema. */
  function resourceOf(name: string): Schema {
    const schema = routes[name]?.schema
    if (!schema?.properties) throw new Error(`the spec describes nothing at ${name}`)
    return schema
  }

  function judgeResource(name: string, schema: Schema, value: unknown, at: string): string[] {
    const known = new Set([...Object.keys(schema.properties!), '_links', ...(beside[name] ?? [])])
    const surplus = Object.keys(value as object).filter((key) => !known.has(key))
    const entries = Object.entries(schema.properties!).filter(([key]) => key in (value as object))
    return [
      ...surplus.map((key) => `${at}/${key}: not in the spec`),
      ...entries.flatMap(([key, one]) => {
        // A list by SKU tells variations, too, whose word the list's own schema lacks.
        if (key === 'type' && (value as { type?: unknown }).type === 'variation') return []
        return judge(`${at}/${key}`, (value as Record<string, unknown>)[key], one, false)
      }),
    ]
  }

  return { request, answer, fields: (route) => new Set(Object.keys(resourceOf(route).properties!)) }
}

function judgeFault(body: unknown, status: number): string[] {
  const { code, message, data } = (body ?? {}) as { code?: unknown; message?: unknown; data?: { status?: unknown } }
  const isGood = typeof code === 'string' && typeof message === 'string' && data?.status === status
  return isGood ? [] : [`an error of ${status} that is none: ${JSON.stringify(body)?.slice(0, 200)}`]
}

/** What stands in an address is text. */
function judgeText(key: string, text: string, { type, enum: words, minimum, maximum }: Schema): string[] {
  const list = type === 'array' ? [] : (words ?? [])
  if (list.length > 0 && !list.includes(text)) return [`${key}: no such word`]
  if (type === 'integer') {
    const value = Number(text)
    const isIn = Number.isInteger(value) && value >= (minimum ?? value) && value <= (maximum ?? value)
    return isIn ? [] : [`${key}: no such number`]
  }
  return type === 'boolean' && !['true', 'false'].includes(text) ? [`${key}: neither true nor false`] : []
}

const forms: Record<string, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  null: (value) => value === null,
  mixed: () => true,
  'date-time': (value) =>
    value === null || (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(value)),
}

function judge(at: string, value: unknown, schema: Schema, isSent: boolean): string[] {
  const name = at.split('/').at(-1)!
  if (value === null && (nullable.has(name) || (isSent && name === 'value'))) return []
  // The id says which line or meta is meant; without it another one is added (official docs, order line items).
  const isWhich = name === 'id' && at.includes('/')
  if (isSent && schema.readonly && !isWhich) return [`${at}: read-only`]
  const types = [schema.type ?? 'mixed'].flat()
  // Of a variation it may say "parent", which the schema leaves out.
  if (name === 'manage_stock' && value === 'parent') return []
  if (!types.some((type) => forms[type]?.(value) ?? true)) return [`${at}: not ${types.join(' or ')}`]
  if (schema.enum && value !== '' && !schema.enum.includes(value)) return [`${at}: no such word`]
  if (Array.isArray(value))
    return schema.items ? value.flatMap((one, index) => judge(`${at}/${index}`, one, schema.items!, isSent)) : []
  if (schema.properties && typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) => {
      const one = schema.properties![key]
      // Found by SKU, a variation says which of its parent's options it is.
      if (!one && key === 'option' && at.includes('/attributes/')) return []
      return one ? judge(`${at}/${key}`, inner, one, isSent) : [`${at}/${key}: not in the spec`]
    })
  }
  return []
}
