/** Walmart's published specs (OpenAPI 3), read from SPECS_DIR, and what they say of single requests and answers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { parse } from 'yaml'
import { type RawSchema, specsDir } from './models.ts'
import { type Mismatch, mismatch } from './schemas.ts'

interface RawOperation {
  operationId: string
  parameters?: { name: string; in: string; required?: boolean }[]
  requestBody?: { content?: Record<string, { schema?: RawSchema }> }
  responses: Record<string, { content?: Record<string, { schema?: RawSchema }> }>
}

interface RawSpec {
  paths: Record<string, Record<string, RawOperation>>
  components?: { schemas?: Record<string, RawSchema> }
}

export interface WalmartOperation {
  id: string
  method: string
  pattern: RegExp
  raw: RawOperation
  spec: RawSpec
}

const files = ['authentication', 'orders', 'inventory', 'items', 'feeds', 'prices', 'notifications', 'reports']
const read = (file: string): RawSpec =>
  parse(
    readFileSync(join(specsDir(), 'walmart', `walmart-marketplace-${file}-openapi-original.yml`), 'utf8'),
  ) as RawSpec

/** Of several operations at one address, which one a feed's type means. */
const feeds: Record<string, string> = { inventory: 'updateBulkInventory', price: 'priceBulkUploads' }

/**
 * Where the reference contradicts its own examples, or what was seen, the latter count; each with what is put in its place.
 * Returns the parts of the answer that the schema is about.
 */
const envelopes: Record<string, (answer: Record<string, unknown>) => unknown[]> = {
  // The schema is an order whose dates are text, its examples have one of the list's form under `order`.
  getAnOrder: ({ order }) => [order],
  // `responseRecord` in the schema, a list in the example.
  getAnItem: ({ ItemResponse }) => (ItemResponse as unknown[]).map((responseRecord) => ({ responseRecord })),
  // Flat in the schema, enveloped in the example.
  updatePrice: ({ ItemPriceResponse }) => [ItemPriceResponse],
  // A list of lists in the schema, a list in the example; and the other way round.
  getAllSubscriptions: ({ events }) => [{ events: [{ event: events }] }],
  createSubscription: ({ events }) => [{ event: events }],
  updateSubscription: ({ events }) => [{ event: events }],
}

/** Required by the reference, but the table of allowances says that it costs fifteen times as much; "SKU by default". */
const leftOut: Record<string, string[]> = { getAnItem: ['productIdType'] }
/** In use by the guide: the newer of the two versions of the file. */
const alsoTaken: Record<string, string[]> = {
  getAvailableReconReportDates: ['reportVersion'],
  getReconReport: ['reportVersion'],
}

/** Nothing beyond the spec passes; what it leaves open stays open. */
function closed(schema: RawSchema, spec: RawSpec): RawSchema {
  if (schema.$ref !== undefined) return closed(spec.components!.schemas![schema.$ref.split('/').at(-1)!]!, spec)
  const { type, properties, items } = schema
  const result: RawSchema = {}
  for (const keyword of ['enum', 'required', 'minimum', 'maximum', 'minLength', 'maxLength', 'pattern'])
    if (schema[keyword] !== undefined) result[keyword] = schema[keyword]
  if (properties) {
    result.type = 'object'
    result.properties = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, closed(one, spec)]))
    result.additionalProperties = false
  } else if (type) result.type = type
  if (items) result.items = closed(items, spec)
  return schema.nullable === true ? { anyOf: [result, { type: 'null' }] } : result
}

const headerNames = (raw: RawOperation) =>
  (raw.parameters ?? []).flatMap((one) => (one.in === 'header' && one.required ? [one.name] : []))

export interface WalmartJudge {
  find(method: string, path: string, query: URLSearchParams): WalmartOperation | undefined
  request(one: WalmartOperation, query: URLSearchParams, headers: Headers, body: string | null): Mismatch[]
  answer(one: WalmartOperation, status: number, text: string): Mismatch[]
  operation(id: string): WalmartOperation
}

export function createWalmartJudge(): WalmartJudge {
  const specs = files.map(read)
  const ajv = new Ajv({ allErrors: true, strict: false })
  const compiled = new Map<string, ValidateFunction>()
  const judged = (key: string, schema: RawSchema, spec: RawSpec, value: unknown): Mismatch[] => {
    const validate = compiled.get(key) ?? ajv.compile(closed(schema, spec))
    compiled.set(key, validate)
    return validate(value) ? [] : (validate.errors ?? []).map(mismatch)
  }
  const operations = specs.flatMap((spec) =>
    Object.entries(spec.paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, raw]) => raw.responses)
        .map(([method, raw]): WalmartOperation => {
          const pattern = new RegExp(
            `^${path
              .split('?')[0]!
              .replace(/[.]/g, '\\.')
              .replace(/\{[^}]+\}/g, '[^/]+')}$`,
          )
          return { id: raw.operationId, method: method.toUpperCase(), pattern, raw, spec }
        }),
    ),
  )
  const operation = (id: string) => operations.find((one) => one.id === id)!
  // Errors stand in no answer of their own; the reference has their form inside that of the list of orders.
  const list = operation('getAllOrders').raw.responses['200']!.content!['application/json']!.schema!
  const ordersSpec = operation('getAllOrders').spec
  const within = (schema: RawSchema, name: string): RawSchema => {
    const whole = schema.$ref ? ordersSpec.components!.schemas![schema.$ref.split('/').at(-1)!]! : schema
    return whole.properties![name]!
  }
  const errorList = within(within(list, 'list'), 'errors')
  const listedOrder = within(within(within(list, 'list'), 'elements'), 'order').items!
  return {
    operation,
    find: (method, path, query) => {
      const fitting = operations.filter((one) => one.method === method && one.pattern.test(path))
      const type = query.get('feedType')
      return type === null ? fitting[0] : fitting.find(({ id }) => id === feeds[type])
    },
    request({ id, raw, spec }, query, headers, body) {
      const mismatches: Mismatch[] = headerNames(raw)
        .filter((name) => !headers.get(name))
        .map((name) => ({ at: `header ${name}`, problem: 'is required' }))
      const known = (raw.parameters ?? []).filter((one) => one.in === 'query')
      const names = [...known.map(({ name }) => name), ...(alsoTaken[id] ?? [])]
      // A cursor of orders is a query of Walmart's own.
      const isCursor = id === 'getAllOrders' && query.has('hasMoreElements')
      if (!isCursor)
        for (const name of new Set(query.keys()))
          if (!names.includes(name))
            mismatches.push({ at: `query ${name}`, problem: 'is no parameter of this operation' })
      for (const { name, required } of known)
        if (required && !query.has(name) && !leftOut[id]?.includes(name))
          mismatches.push({ at: `query ${name}`, problem: 'is required' })
      const schema = raw.requestBody?.content?.['application/json']?.schema
      if (!schema) return mismatches
      if (body === null) return [...mismatches, { at: 'body', problem: 'is missing' }]
      return [...mismatches, ...judged(`request ${id}`, schema, spec, JSON.parse(body))]
    },
    answer({ id, raw, spec }, status, text) {
      let value: Record<string, unknown>
      try {
        value = JSON.parse(text) as Record<string, unknown>
      } catch {
        const isFile = raw.responses['200']?.content?.['application/octet-stream'] !== undefined
        return isFile && status === 200 ? [] : [{ at: 'body', problem: 'is not JSON' }]
      }
      if (status >= 400) {
        const { errors, error } = value as { errors?: unknown; error?: unknown }
        const told = error ?? (errors as { error?: unknown } | undefined)?.error ?? errors
        return judged('errors', errorList, ordersSpec, told)
      }
      const declared = raw.responses[String(status)]?.content?.['application/json']?.schema
      const schema = id === 'getAnOrder' ? listedOrder : declared
      if (!declared || !schema) return [{ at: 'status', problem: `${id} ${status} is not declared` }]
      const parts = envelopes[id]?.(value) ?? [value]
      return parts.flatMap((part) => judged(`answer ${id}`, schema, spec, part))
    },
  }
}

/** Every name of a field below a schema. */
export function namesBelow(schema: RawSchema, spec: RawSpec, found = new Set<string>()): Set<string> {
  const whole = schema.$ref ? spec.components!.schemas![schema.$ref.split('/').at(-1)!]! : schema
  for (const [name, one] of Object.entries(whole.properties ?? {})) {
    found.add(name)
    namesBelow(one, spec, found)
  }
  if (whole.items) namesBelow(whole.items, spec, found)
  return found
}
