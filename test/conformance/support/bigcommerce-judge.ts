/** BigCommerce's published specs (OpenAPI 3), read from SPECS_DIR, and what they say of single requests and answers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'
import { type RawSchema, specsDir } from './models.ts'
import { type Mismatch, mismatch } from './schemas.ts'

interface Parameter {
  $ref?: string
  name: string
  in: string
  required?: boolean
  style?: string
  schema?: RawSchema
}
type Content = Record<string, { schema?: RawSchema }>
interface Answer {
  $ref?: string
  content?: Content
}
interface RawOperation {
  operationId: string
  parameters?: Parameter[]
  requestBody?: { $ref?: string; content?: Content }
  responses: Record<string, Answer>
}
interface RawPath {
  [method: string]: unknown
  parameters?: Parameter[]
}
interface RawSpec {
  paths: Record<string, RawPath>
  components: Record<string, Record<string, RawSchema>>
}

export interface BcOperation {
  file: string
  id: string
  method: string
  pattern: RegExp
  raw: RawOperation
  parameters: Parameter[]
}

const files: Record<string, 'v2' | 'v3'> = {
  'orders.v2.oas2.yml': 'v2',
  'store_information.v2.yml': 'v2',
  'orders.v3.yml': 'v3',
  'inventory.v3.yml': 'v3',
  'locations.v3.yml': 'v3',
  'product-variants_catalog.v3.yml': 'v3',
  'products_catalog.v3.yml': 'v3',
  'webhooks.v3.yml': 'v3',
  'settings.v3.yml': 'v3',
}

/**
 * Where the published text is not what the API does, by its own description: a comma-separated list typed as one integer
 * (inventory, filters), an amount that is "Float, Float-As-String, Integer" typed as text (orders).
 */
const listedAsOne = new Set(['variant_id:in', 'product_id:in', 'location_id:in'])
/** `include` is a list of words there; a sort has its direction behind a colon, as its description says. */
const spokenOfOnly = new Set(['sort'])

/** Without `minItems`: by it a store has a hook before the first one is made (getWebhooks). */
const kept = ['enum', 'required', 'minLength', 'maxLength', 'pattern', 'maxItems']

export interface BcJudge {
  find(method: string, path: string): BcOperation | undefined
  request(one: BcOperation, query: URLSearchParams, body: string | null): Mismatch[]
  answer(one: BcOperation, status: number, text: string): Mismatch[]
}

export function createBcJudge(): BcJudge {
  const specs = new Map(
    Object.keys(files).map((file) => [
      file,
      parse(readFileSync(join(specsDir(), 'bigcommerce', file), 'utf8')) as RawSpec,
    ]),
  )
  const ajv = new Ajv({ allErrors: true, strict: false, strictNumbers: true })
  addFormats.default(ajv)
  const compiled = new Map<string, ValidateFunction>()
  const judged = (file: string, schema: RawSchema, value: unknown): Mismatch[] => {
    const key = `${file} ${JSON.stringify(schema)}`
    const validate = compiled.get(key) ?? ajv.compile(closed(specs.get(file)!, schema))
    compiled.set(key, validate)
    return validate(value) ? [] : (validate.errors ?? []).map(mismatch)
  }
  const operations = [...specs].flatMap(([file, spec]) =>
    Object.entries(spec.paths).flatMap(([path, methods]) =>
      ['get', 'put', 'post', 'delete'].flatMap((method) => {
        const raw = methods[method] as RawOperation | undefined
        if (!raw) return []
        const whole = `/${files[file]}${path}`.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')
        const pattern = new RegExp(`^${whole}$`)
        const parameters = [...(methods.parameters ?? []), ...(raw.parameters ?? [])].map(
          (one) => resolved(spec, one) as unknown as Parameter,
        )
        return [{ file, id: raw.operationId, method: method.toUpperCase(), pattern, raw, parameters } as BcOperation]
      }),
    ),
  )
  // A path with fewer gaps is the closer one: /catalog/variants before /catalog/{x}.
  operations.sort((a, b) => a.pattern.source.split('[^/]+').length - b.pattern.source.split('[^/]+').length)
  const parsed = (text: string): { value: unknown } | Mismatch => {
    try {
      return { value: JSON.parse(text) }
    } catch {
      return { at: 'body', problem: 'is not JSON' }
    }
  }
  return {
    find: (method, path) => operations.find((one) => one.method === method && one.pattern.test(path)),
    request({ file, raw, parameters }, query, body) {
      const known = parameters.filter((one) => one.in === 'query')
      const mismatches: Mismatch[] = [...query].flatMap(([name, text]) => {
        const one = known.find((each) => each.name === name)
        if (!one) return [{ at: `query ${name}`, problem: 'is no parameter of this operation' }]
        if (spokenOfOnly.has(name)) return judged(file, one.schema ?? {}, text.replace(/:(?:asc|desc)$/, ''))
        const schema = resolved(specs.get(file)!, one.schema ?? {})
        return judged(
          file,
          listedAsOne.has(name) ? { type: 'array', items: schema } : schema,
          wireValue(schema, name, text),
        )
      })
      const content = raw.requestBody && (resolved(specs.get(file)!, raw.requestBody) as { content?: Content }).content
      const schema = content?.['application/json']?.schema
      if (!schema) return body === null ? mismatches : [...mismatches, { at: 'body', problem: 'is not expected' }]
      if (body === null) return [...mismatches, { at: 'body', problem: 'is missing' }]
      const one = parsed(body)
      return [...mismatches, ...('value' in one ? judged(file, schema, one.value) : [one])]
    },
    answer({ file, id, raw }, status, text) {
      const spec = specs.get(file)!
      const declared = raw.responses[String(status)] as Answer | undefined
      // An empty list of V2 and what the gate before the API refuses are described in prose only.
      if (!declared && ![204, 400, 401, 403, 404, 422, 429, 500, 503].includes(status))
        return [{ at: 'status', problem: `${id} ${status} is not declared` }]
      const content = declared && (resolved(spec, declared as RawSchema) as Answer).content
      const schema = content?.['application/json']?.schema ?? content?.['application/problem+json']?.schema
      if (text === '') return status === 204 ? [] : [{ at: 'body', problem: 'is missing' }]
      const one = parsed(text)
      if (!('value' in one)) return [one]
      return schema && Object.keys(schema).length > 0 ? judged(file, schema, one.value) : []
    },
  }
}

function wireValue({ type, items }: RawSchema, name: string, text: string): unknown {
  const single = (one: string, of: unknown) => (of === 'integer' || of === 'number' ? Number(one) : one)
  if (listedAsOne.has(name)) return text.split(',').map((one) => single(one, type))
  if (type === 'array') return text.split(',').map((one) => single(one, items?.type))
  return type === 'boolean' ? text === 'true' : single(text, type)
}

const resolved = (spec: RawSpec, one: { $ref?: string }): RawSchema => {
  if (one.$ref === undefined) return one as RawSchema
  const [, , kind, name] = one.$ref.split('/')
  return resolved(spec, spec.components[kind!]![name!]!)
}

/** Nothing beyond the spec passes; what it leaves open stays open. Parts that are joined (allOf) are one object. */
function closed(spec: RawSpec, given: RawSchema): RawSchema {
  const schema = resolved(spec, given) as RawSchema & { allOf?: RawSchema[]; anyOf?: RawSchema[]; oneOf?: RawSchema[] }
  const choices = schema.anyOf ?? schema.oneOf
  const parts = schema.allOf
  if (parts) return closed(spec, joined(spec, schema, parts))
  if (choices) return { anyOf: choices.map((one) => closed(spec, one)) }
  const result: RawSchema = {}
  for (const keyword of kept) if (schema[keyword] !== undefined) result[keyword] = schema[keyword]
  if (schema.properties) {
    result.type = 'object'
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, one]) => [name, closed(spec, one)]),
    )
    // {} says nothing of what is inside.
    const says = Object.keys(schema.properties).length > 0
    result.additionalProperties = says ? (schema.additionalProperties ?? false) : true
  } else if (schema.type) result.type = schema.type
  if (schema.items) result.items = closed(spec, schema.items)
  const mayBeNull = schema.nullable === true || schema['x-nullable'] === true
  return mayBeNull ? { anyOf: [result, { type: 'null' }] } : result
}

function joined(spec: RawSpec, own: RawSchema, parts: RawSchema[]): RawSchema {
  const all = parts.map((one) => {
    const part = resolved(spec, one) as RawSchema & { allOf?: RawSchema[] }
    return part.allOf ? joined(spec, part, part.allOf) : part
  })
  return {
    type: 'object',
    properties: Object.assign({}, own.properties, ...all.map((one) => one.properties ?? {})) as Record<
      string,
      RawSchema
    >,
    required: [...new Set(all.flatMap((one) => one.required ?? []))],
  }
}
