/** Planted faults: a real answer, changed in one place. */
import type { GivenAnswer } from './judge.ts'
import type { Model, RawSchema } from './models.ts'
import { spokenWords } from './schemas.ts'

export interface Mutation {
  /** `operation status` of the answer that is changed */
  sample: string
  /** the place the judge has to name */
  at: string
  what: string
  apply(answer: GivenAnswer): GivenAnswer
}

type Json = Record<string, unknown>

const plain = (part: string) => part.replace(/~1/g, '/').replace(/~0/g, '~')

/** Follows a JSON pointer to the holder of its last part. */
function holderOf(body: unknown, pointer: string): [holder: Json, key: string] {
  const parts = pointer.split('/').slice(1).map(plain)
  const key = parts.pop()
  let holder = body as Json
  for (const part of parts) {
    holder = holder[part] as Json
    if (typeof holder !== 'object' || holder === null) throw new Error(`there is no ${pointer} in the sample`)
  }
  if (key === undefined) throw new Error('the whole body is not a place')
  return [holder, key]
}

function changeBody(change: (body: unknown) => void): Mutation['apply'] {
  return (answer) => {
    const body = JSON.parse(answer.text) as unknown
    change(body)
    return { ...answer, text: JSON.stringify(body) }
  }
}

export function drop(sample: string, at: string): Mutation {
  const apply = changeBody((body) => {
    const [holder, key] = holderOf(body, at)
    if (!Object.hasOwn(holder, key)) throw new Error(`there is no ${at} in ${sample}`)
    delete holder[key]
  })
  return { sample, at, what: 'dropped', apply }
}

/** Puts another value in the place of one that is there. */
export function set(sample: string, at: string, value: unknown): Mutation {
  const apply = changeBody((body) => {
    const [holder, key] = holderOf(body, at)
    if (!Object.hasOwn(holder, key)) throw new Error(`there is no ${at} in ${sample}`)
    holder[key] = value
  })
  return { sample, at, what: `→ ${JSON.stringify(value)}`, apply }
}

/** Puts a value where none is. */
export function add(sample: string, at: string, value: unknown = 'surplus'): Mutation {
  const apply = changeBody((body) => {
    const [holder, key] = holderOf(body, at)
    if (Object.hasOwn(holder, key)) throw new Error(`there is a ${at} in ${sample}`)
    holder[key] = value
  })
  return { sample, at, what: 'added', apply }
}

export function status(sample: string, value: number): Mutation {
  return { sample, at: 'status', what: `→ ${value}`, apply: (answer) => ({ ...answer, status: value }) }
}

export function header(sample: string, name: string, value: string | null): Mutation {
  const apply: Mutation['apply'] = (answer) => {
    const headers = new Headers(answer.headers)
    if (value === null) headers.delete(name)
    else headers.set(name, value)
    return { ...answer, headers }
  }
  return { sample, at: `header ${name}`, what: value === null ? 'dropped' : `→ ${value}`, apply }
}

export function rewrite(sample: string, what: string, change: (text: string) => string): Mutation {
  return { sample, at: 'body', what, apply: (answer) => ({ ...answer, text: change(answer.text) }) }
}

/** A value of another type than the one that stands there. */
const otherType = (value: unknown): unknown => {
  if (Array.isArray(value)) return { 0: value[0] ?? null }
  if (typeof value === 'object') return [value]
  return typeof value === 'string' ? 17 : 'seventeen'
}

/** Every mutation the model itself suggests for one answer; equal places of different array items count once. */
export function sweep(model: Model, schema: RawSchema, sample: string, body: unknown): Mutation[] {
  const found = new Map<string, Mutation>()
  const note = (place: string, mutation: Mutation) => {
    if (!found.has(`${place} ${mutation.what}`)) found.set(`${place} ${mutation.what}`, mutation)
  }
  const walk = (given: RawSchema, value: unknown, at: string, place: string): void => {
    const one = given.$ref === undefined ? given : model.raw.definitions[given.$ref.split('/').at(-1)!]!
    if (at !== '') for (const mutation of ofValue(one, value, sample, at)) note(place, mutation)
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walk(one.items!, item, `${at}/${index}`, `${place}/*`)
    } else if (typeof value === 'object' && value !== null && one.properties) {
      note(place, add(sample, `${at}/plantedByTheTest`))
      for (const name of one.required ?? []) note(`${place}/${name}`, drop(sample, `${at}/${name}`))
      for (const [name, inner] of Object.entries(value))
        walk(one.properties[name]!, inner, `${at}/${name}`, `${place}/${name}`)
    }
  }
  walk(schema, body, '', '')
  return [...found.values()]
}

function ofValue(schema: RawSchema, value: unknown, sample: string, at: string): Mutation[] {
  const mutations = [
    { ...set(sample, at, otherType(value)), what: 'another type' },
    { ...set(sample, at, null), what: 'null' },
  ]
  if (schema.enum || (schema.type === 'string' && spokenWords(schema))) mutations.push(set(sample, at, 'NO_SUCH_WORD'))
  if (schema.format === 'date-time') mutations.push(set(sample, at, '22.11.2026 08:00'), set(sample, at, '2026-11-22'))
  if (schema.type === 'integer') mutations.push(set(sample, at, 1.5))
  if (schema.minimum !== undefined) mutations.push(set(sample, at, schema.minimum - 1))
  return mutations
}
