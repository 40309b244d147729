/** Swagger 2 schemas → Ajv, strictly: nothing beyond the model passes, and what the judge cannot judge it refuses. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import type { Model, RawSchema } from './models.ts'

const judged = [
  'type',
  'format',
  'enum',
  'required',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'uniqueItems',
]
const remarks = ['description', 'example', 'title', 'default']

/** A schema as Ajv takes it. An object is closed unless the model opens it; an unknown keyword is an error. */
function convertSchema(schema: RawSchema, where: string): RawSchema {
  if (schema.$ref !== undefined) return { $ref: schema.$ref }
  const result: RawSchema = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (remarks.includes(keyword) || keyword.startsWith('x-')) continue
    if (judged.includes(keyword)) result[keyword] = value
    else if (!['properties', 'items', 'additionalProperties'].includes(keyword)) {
      throw new Error(`${where}: the judge does not know the keyword '${keyword}'`)
    }
  }
  if (schema.properties) {
    const entries = Object.entries(schema.properties)
    result.type ??= 'object'
    result.properties = Object.fromEntries(entries.map(([name, one]) => [name, convertSchema(one, `${where}.${name}`)]))
    result.additionalProperties = schema.additionalProperties ?? false
  } else if (typeof schema.additionalProperties === 'object') {
    result.additionalProperties = convertSchema(schema.additionalProperties, `${where}.*`)
  } else if (schema.type === 'object') {
    if (schema.additionalProperties !== true) throw new Error(`${where}: an object of which nothing is said`)
    result.additionalProperties = true
  }
  if (schema.items) result.items = convertSchema(schema.items, `${where}[]`)
  const spoken = spokenWords(schema)
  if (spoken && result.type === 'string') result.enum ??= spoken
  if (spoken && result.items?.type === 'string') result.items.enum ??= spoken
  if (result.type === undefined) throw new Error(`${where}: without a type nothing can be judged`)
  if (result.type === 'array' && !result.items) throw new Error(`${where}: an array of which nothing is said`)
  return result
}

/** Words that a description lists as possible where the schema itself is silent, e.g. of `fulfilledBy`. */
export function spokenWords({ description }: RawSchema): string[] | undefined {
  const text = /Possible values?\**:([\s\S]*)/.exec(String(description ?? ''))?.[1]?.split('**Note')[0] ?? ''
  const words = [...text.matchAll(/[`']([A-Z][A-Z0-9_]*)[`']/g)].map((match) => match[1]!)
  return words.length > 0 ? words : undefined
}

export interface Mismatch {
  /** JSON pointer of the place that is wrong: the missing property, the surplus one, or the value. */
  at: string
  problem: string
}

export type Check = (value: unknown) => Mismatch[]

/** Compiles schemas of one model; definitions are converted once. */
export function schemasOf(model: Model): (schema: RawSchema, where: string) => Check {
  const ajv = new Ajv({ allErrors: true, strict: true, validateFormats: true })
  addFormats.default(ajv)
  const definitions = Object.entries(model.raw.definitions)
  const converted = Object.fromEntries(definitions.map(([name, one]) => [name, convertSchema(one, name)]))
  ajv.addSchema({ $id: model.name, definitions: converted })
  const compiled = new Map<string, ValidateFunction>()
  return (schema, where) => {
    const local = convertSchema(schema, where)
    const target = local.$ref === undefined ? local : { $ref: `${model.name}${local.$ref}` }
    const key = JSON.stringify(target)
    const validate = compiled.get(key) ?? ajv.compile(target)
    compiled.set(key, validate)
    return (value) => (validate(value) ? [] : (validate.errors ?? []).map(mismatch))
  }
}

/** Ajv's word for what is wrong, and where. */
export function mismatch({ instancePath, message, params }: ErrorObject): Mismatch {
  const { missingProperty, additionalProperty } = params as { missingProperty?: string; additionalProperty?: string }
  const property = missingProperty ?? additionalProperty
  const at =
    property === undefined ? instancePath : `${instancePath}/${property.replace(/~/g, '~0').replace(/\//g, '~1')}`
  return { at, problem: message ?? 'does not match' }
}
