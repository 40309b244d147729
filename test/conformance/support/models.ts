/** Amazon's published models (Swagger 2), read from SPECS_DIR: operations, their parameters, answers and sandbox cases. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface RawSchema {
  [keyword: string]: unknown
  $ref?: string
  type?: string
  format?: string
  enum?: unknown[]
  required?: string[]
  properties?: Record<string, RawSchema>
  items?: RawSchema
  additionalProperties?: boolean | RawSchema
  minimum?: number
}

interface Parameter {
  [keyword: string]: unknown
  name: string
  in: 'query' | 'path' | 'body' | 'header' | 'formData'
  required?: boolean
  schema?: RawSchema
  collectionFormat?: string
}

interface SandboxCase {
  request: { parameters: Record<string, { value?: unknown }> }
  response: unknown
}

interface RawResponse {
  schema?: RawSchema
  headers?: Record<string, RawSchema>
  'x-amzn-api-sandbox'?: { static?: SandboxCase[] }
}

interface RawOperation {
  operationId: string
  parameters?: Parameter[]
  responses: Record<string, RawResponse>
  consumes?: string[]
}

interface RawModel {
  swagger: string
  host: string
  basePath?: string
  schemes: string[]
  consumes: string[]
  produces: string[]
  paths: Record<string, Record<string, RawOperation>>
  definitions: Record<string, RawSchema>
}

export interface Model {
  name: string
  raw: RawModel
  /** scheme and host, as the model states them */
  origin: string
}

export interface Operation {
  id: string
  model: Model
  method: string
  template: string
  pattern: RegExp
  pathNames: string[]
  parameters: Parameter[]
  responses: Record<string, RawResponse>
}

const methods = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options']

/** Where the specs lie. */
export function specsDir(): string {
  const dir = process.env.SPECS_DIR
  if (!dir) throw new Error('SPECS_DIR is not set: run `npm run conformance`, or set it to a folder of channel specs.')
  if (!existsSync(dir)) throw new Error(`SPECS_DIR names a folder that does not exist: ${dir}`)
  return dir
}

/** Reads one of Amazon's models by its file name without `.json`. */
export function readModel(name: string): Model {
  const file = join(specsDir(), 'amazon', 'models', `${name}.json`)
  if (!existsSync(file)) throw new Error(`SPECS_DIR holds no Amazon model ${name}: ${file} is missing.`)
  const raw = JSON.parse(readFileSync(file, 'utf8')) as RawModel
  if (raw.swagger !== '2.0') throw new Error(`${name} is not a Swagger 2.0 file.`)
  return { name, raw, origin: `${raw.schemes[0]}://${raw.host}${raw.basePath ?? ''}` }
}

/** Every operation of a model; the templates become patterns over the still encoded path. */
export function operationsOf(model: Model): Operation[] {
  return Object.entries(model.raw.paths).flatMap(([template, { parameters: shared, ...rest }]) => {
    // Beside the verbs some paths tell what the sandbox does; what exists there only is no operation.
    if ('x-amzn-api-sandbox-only' in rest) return []
    const { 'x-amzn-api-sandbox': _, ...verbs } = rest
    // What counts for all operations of a path; so far nobody has any.
    if (Array.isArray(shared) && shared.length > 0) throw new Error(`${model.name} ${template}: shared parameters`)
    const unknown = Object.keys(verbs).filter((verb) => !methods.includes(verb))
    if (unknown.length > 0) throw new Error(`${model.name} ${template}: what is ${unknown.join(', ')}?`)
    return Object.entries(verbs).map(([verb, operation]): Operation => {
      const parts = template.split(/(\{[^}]+\})/)
      const pattern = parts.map((part) => (part.startsWith('{') ? '([^/]+)' : escapePattern(part))).join('')
      const parameters = operation.parameters ?? []
      if (parameters.some((parameter) => '$ref' in parameter))
        throw new Error(`${operation.operationId}: shared parameter`)
      return {
        id: operation.operationId,
        model,
        method: verb.toUpperCase(),
        template,
        pattern: new RegExp(`^${pattern}$`),
        pathNames: parts.filter((part) => part.startsWith('{')).map((part) => part.slice(1, -1)),
        parameters,
        responses: operation.responses,
      }
    })
  })
}

const escapePattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

export interface SandboxAnswer extends SandboxCase {
  operation: Operation
  status: number
}

/** Amazon's own examples: what its static sandbox answers. */
export function sandboxCases(model: Model): SandboxAnswer[] {
  return operationsOf(model).flatMap((operation) =>
    Object.entries(operation.responses).flatMap(([status, response]) =>
      (response['x-amzn-api-sandbox']?.static ?? []).map((one) => ({ ...one, operation, status: Number(status) })),
    ),
  )
}
