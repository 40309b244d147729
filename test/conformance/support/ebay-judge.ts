/** eBay's published specs (OpenAPI 3), read from SPECS_DIR, and what they say of single requests and answers. */
import { readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
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
  servers: { url: string; variables: { basePath: { default: string } } }[]
  paths: Record<string, Record<string, RawOperation>>
  components?: { schemas?: Record<string, RawSchema> }
}

export interface EbayOperation {
  spec: string
  id: string
  method: string
  pattern: RegExp
  raw: RawOperation
}

/** Files of the README, by the word they are spoken of here. */
const files = [
  'sell_inventory_v1_oas3.json',
  'sell_fulfillment_v1_oas3.json',
  'sell_account_v1_oas3.json',
  'commerce_notification_v1_oas3.json',
  'developer_analytics_v1_beta_oas3.json',
  'postorder_cancellation_oas3.UNOFFICIAL.json',
  'ebay-finances-openapi-original.yml',
  'commerce_identity_v1_oas3.json',
]

/** Under this name each spec's errors are judged. */
const errorList = 'ListOfErrors'

function read(file: string): RawSpec {
  const text = readFileSync(join(specsDir(), 'ebay', file), 'utf8')
  return (extname(file) === '.json' ? JSON.parse(text) : parse(text)) as RawSpec
}

/** Nothing beyond the spec passes; what it leaves open stays open. */
function closed(schema: RawSchema): RawSchema {
  const { $ref, type, properties, items } = schema
  if ($ref !== undefined) return { $ref: $ref.replace('#/components/schemas/', '#/definitions/') }
  const result: RawSchema = {}
  for (const keyword of ['enum', 'required', 'minimum', 'maximum', 'minLength', 'maxLength', 'pattern'])
    if (schema[keyword] !== undefined) result[keyword] = schema[keyword]
  if (properties) {
    result.type = 'object'
    result.properties = Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, closed(one)]))
    result.additionalProperties = false
  } else if (type) result.type = type
  if (items) result.items = closed(items)
  return result
}

export interface EbayJudge {
  operations: EbayOperation[]
  find(method: string, path: string): EbayOperation | undefined
  request(one: EbayOperation, query: URLSearchParams, body: string | null): Mismatch[]
  answer(one: EbayOperation, status: number, text: string): Mismatch[]
  /** The schemas of a spec, as they stand there. */
  schemas(file: string): Record<string, RawSchema>
}

export function createEbayJudge(): EbayJudge {
  const specs = new Map(files.map((file) => [file, read(file)]))
  const ajv = new Ajv({ allErrors: true, strict: false })
  for (const [file, spec] of specs) {
    const entries = Object.entries(spec.components?.schemas ?? {}).map(([name, one]) => [name, closed(one)])
    const definitions = { ...Object.fromEntries(entries), [errorList]: errorsOf(spec) }
    ajv.addSchema({ $id: file, definitions })
  }
  const compiled = new Map<string, ValidateFunction>()
  const judged = (file: string, schema: RawSchema, text: string): Mismatch[] => {
    const local = closed(schema)
    const target = local.$ref === undefined ? local : { $ref: `${file}${local.$ref}` }
    const key = `${file} ${JSON.stringify(target)}`
    const validate = compiled.get(key) ?? ajv.compile(target)
    compiled.set(key, validate)
    try {
      return validate(JSON.parse(text)) ? [] : (validate.errors ?? []).map(mismatch)
    } catch {
      return [{ at: 'body', problem: 'is not JSON' }]
    }
  }
  const operations = [...specs].flatMap(([spec, { servers, paths }]) =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, raw]) => raw.responses)
        .map(([method, raw]): EbayOperation => {
          const whole = `${servers[0]!.variables.basePath.default}${path}`
          const pattern = new RegExp(`^${whole.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`)
          return { spec, id: raw.operationId, method: method.toUpperCase(), pattern, raw }
        }),
    ),
  )
  return {
    operations,
    find: (method, path) => operations.find((one) => one.method === method && one.pattern.test(path)),
    request({ spec, raw }, query, body) {
      const known = (raw.parameters ?? []).filter((one) => one.in === 'query')
      const mismatches: Mismatch[] = [...new Set(query.keys())]
        .filter((name) => !known.some((one) => one.name === name))
        .map((name) => ({ at: `query ${name}`, problem: 'is no parameter of this operation' }))
      for (const { name, required } of known)
        if (required && !query.has(name)) mismatches.push({ at: `query ${name}`, problem: 'is required' })
      const schema = raw.requestBody?.content?.['application/json']?.schema
      if (schema && body === null) return [...mismatches, { at: 'body', problem: 'is missing' }]
      return schema ? [...mismatches, ...judged(spec, schema, body!)] : mismatches
    },
    answer({ spec, id, raw }, status, text) {
      const declared = raw.responses[String(status)]
      // 401, 403 and 429 come from the gate before the API: their form is the same everywhere.
      if (!declared && ![401, 403, 404, 429].includes(status))
        return [{ at: 'status', problem: `${id} ${status} is not declared` }]
      if (status >= 400) return judged(spec, { $ref: `#/components/schemas/${errorList}` }, text)
      const schema = (declared?.content ?? raw.responses['200']?.content)?.['application/json']?.schema
      if (text === '') return schema && status === 200 ? [{ at: 'body', problem: 'is missing' }] : []
      return schema ? judged(spec, schema, text) : []
    },
    schemas: (file) => specs.get(file)!.components?.schemas ?? {},
  }
}

/** Every API has the same error, each a schema of its own for it. */
function errorsOf({ components }: RawSpec): RawSchema {
  const items = components?.schemas?.Error ? { $ref: '#/definitions/Error' } : { type: 'object' }
  return { type: 'object', properties: { errors: { type: 'array', items } }, required: ['errors'] }
}
