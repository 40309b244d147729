/** Holds single requests and answers against Amazon's models. Knows nothing of the connector or the simulator. */
import { type Model, type Operation, operationsOf, type RawSchema } from './models.ts'
import { type Check, type Mismatch, schemasOf } from './schemas.ts'

export interface SentRequest {
  method: string
  /** as it goes over the wire */
  url: string
  headers: Headers
  body: string | null
}

export interface GivenAnswer {
  status: number
  headers: Headers
  text: string
}

export interface RequestVerdict {
  operation: Operation | undefined
  /** decoded path parameters */
  path: Record<string, string>
  query: URLSearchParams
  mismatches: Mismatch[]
}

/** Answers that no model declares and that are let pass, each with its reason. */
export const undeclaredAnswers: Record<string, string> = {
  'patchListingsItem 404': 'the model names 404 for the two reads only; an unknown SKU is answered the same way here',
}

/** Headers beside the declared ones (facts: amazon.md §3). */
const otherHeaders = ['content-type', 'date', 'x-amzn-errortype']

/** Rules that stand in the models' descriptions only. */
const spokenRules: Record<string, (query: URLSearchParams) => Mismatch[]> = {
  searchOrders(query) {
    const has = (name: string) => query.has(name)
    const mismatches: Mismatch[] = []
    if (has('createdAfter') === has('lastUpdatedAfter')) {
      mismatches.push({ at: 'query', problem: 'exactly one of createdAfter and lastUpdatedAfter' })
    }
    if ((has('createdAfter') && has('lastUpdatedBefore')) || (has('lastUpdatedAfter') && has('createdBefore'))) {
      mismatches.push({ at: 'query', problem: 'bounds of two kinds' })
    }
    return [...mismatches, ...between(query, 'maxResultsPerPage', 1, 100)]
  },
  searchListingsItems(query) {
    const alone = query.has('identifiers') !== query.has('identifiersType')
    const mismatches = alone ? [{ at: 'query', problem: 'identifiers and identifiersType go together' }] : []
    return [...mismatches, ...between(query, 'pageSize', 1, 20)]
  },
}

function between(query: URLSearchParams, name: string, low: number, high: number): Mismatch[] {
  const value = Number(query.get(name) ?? low)
  return value >= low && value <= high ? [] : [{ at: `query ${name}`, problem: `is not between ${low} and ${high}` }]
}

export interface Judge {
  operations: Operation[]
  request(request: SentRequest): RequestVerdict
  answer(operation: Operation, answer: GivenAnswer): Mismatch[]
}

/** `origin` is what stands before the path; left out, it is what the models name. */
export function createJudge(models: Model[], origin?: string): Judge {
  const operations = models.flatMap(operationsOf)
  const compilers = new Map(models.map((model) => [model, schemasOf(model)]))
  const compile = (operation: Operation, schema: RawSchema, where: string): Check =>
    compilers.get(operation.model)!(schema, `${operation.id} ${where}`)
  return {
    operations,
    request(request) {
      const { path: rawPath, query, mismatches } = splitUrl(request.url, operations, origin)
      const operation = operations.find((one) => one.method === request.method && one.pattern.test(rawPath))
      if (!operation) {
        const problem = `${request.method} ${rawPath} is no operation of the models`
        return { operation, path: {}, query, mismatches: [...mismatches, { at: 'path', problem }] }
      }
      const path = readPath(operation, rawPath, mismatches)
      mismatches.push(...judgeQuery(operation, query, (schema, where) => compile(operation, schema, where)))
      mismatches.push(...(spokenRules[operation.id]?.(query) ?? []))
      mismatches.push(
        ...judgeHeaders(request),
        ...judgeBody(operation, request, (schema) => compile(operation, schema, 'body')),
      )
      return { operation, path, query, mismatches }
    },
    answer(operation, answer) {
      const response = operation.responses[String(answer.status)]
      const key = `${operation.id} ${answer.status}`
      if (!response && !(key in undeclaredAnswers)) return [{ at: 'status', problem: `${key} is not declared` }]
      // An exception has no schema of its own: it is judged like the operation's other errors.
      const judgedBy = response ?? operation.responses['400']!
      const mismatches = judgeAnswerHeaders(answer, judgedBy.headers ?? {})
      if (!judgedBy.schema)
        return answer.text === '' ? mismatches : [...mismatches, { at: 'body', problem: 'must be empty' }]
      return [...mismatches, ...judgeJson(answer.text, answer.headers, compile(operation, judgedBy.schema, key))]
    },
  }
}

function splitUrl(url: string, operations: Operation[], origin: string | undefined) {
  const mismatches: Mismatch[] = []
  const parts = /^([a-z]+:\/\/[^/?#]+)([^?#]*)(?:\?([^#]*))?(#.*)?$/.exec(url)
  if (!parts) return { path: '', query: new URLSearchParams(), mismatches: [{ at: 'url', problem: 'cannot be read' }] }
  const expected = origin === undefined ? operations.map((one) => one.model.origin) : [origin]
  if (!expected.includes(parts[1]!)) mismatches.push({ at: 'url', problem: `${parts[1]} is not the model's host` })
  if (parts[4] !== undefined) mismatches.push({ at: 'url', problem: 'has a fragment' })
  return { path: parts[2]!, query: new URLSearchParams(parts[3] ?? ''), mismatches }
}

function readPath(operation: Operation, rawPath: string, mismatches: Mismatch[]): Record<string, string> {
  const values = operation.pattern.exec(rawPath)!.slice(1)
  const path: Record<string, string> = {}
  for (const [index, name] of operation.pathNames.entries()) {
    const raw = values[index]!
    try {
      path[name] = decodeURIComponent(raw)
    } catch {
      mismatches.push({ at: `path ${name}`, problem: 'is not percent-encoded' })
    }
    // What RFC 3986 lets stand in a segment; everything else has to be encoded.
    if (!/^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+$/.test(raw)) {
      mismatches.push({ at: `path ${name}`, problem: 'holds characters that must be encoded' })
    }
  }
  return path
}

type Compile = (schema: RawSchema, where: string) => Check

function judgeQuery(operation: Operation, query: URLSearchParams, compile: Compile): Mismatch[] {
  const mismatches: Mismatch[] = []
  const known = operation.parameters.filter((parameter) => parameter.in === 'query')
  for (const name of new Set(query.keys())) {
    const parameter = known.find((one) => one.name === name)
    if (!parameter) mismatches.push({ at: `query ${name}`, problem: 'is no parameter of this operation' })
    else if (query.getAll(name).length > 1) mismatches.push({ at: `query ${name}`, problem: 'stands there twice' })
  }
  for (const { name, in: _in, required, collectionFormat = 'csv', ...schema } of known) {
    const text = query.get(name)
    if (text === null) {
      if (required) mismatches.push({ at: `query ${name}`, problem: 'is required' })
      continue
    }
    if (collectionFormat !== 'csv')
      throw new Error(`${operation.id}: the judge knows csv only, not ${collectionFormat}`)
    const check = compile(schema as RawSchema, `query ${name}`)
    for (const { at, problem } of check(readValue(schema as RawSchema, text))) {
      mismatches.push({ at: `query ${name}${at}`, problem })
    }
  }
  return mismatches
}

/** The value a parameter's text stands for; what cannot be read stays text and fails its type. */
function readValue(schema: RawSchema, text: string): unknown {
  if (schema.type === 'array') {
    // An empty entry is never meant: it is read as nothing, which no type allows.
    return text.split(',').map((one) => (one.trim() === '' ? null : readValue(schema.items ?? {}, one)))
  }
  if (schema.type === 'integer' || schema.type === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
  if (schema.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text === '' ? null : text
}

/** Both are demanded by Amazon's guide, not by the models (facts: amazon.md §2). */
function judgeHeaders({ headers }: SentRequest): Mismatch[] {
  return ['x-amz-access-token', 'user-agent']
    .filter((name) => !headers.get(name))
    .map((name) => ({ at: `header ${name}`, problem: 'is missing' }))
}

function judgeBody(operation: Operation, request: SentRequest, compile: (schema: RawSchema) => Check): Mismatch[] {
  const parameter = operation.parameters.find((one) => one.in === 'body')
  if (!parameter?.schema) return request.body === null ? [] : [{ at: 'body', problem: 'is not expected' }]
  if (request.body === null) return parameter.required ? [{ at: 'body', problem: 'is required' }] : []
  return judgeJson(request.body, request.headers, compile(parameter.schema))
}

function judgeAnswerHeaders({ status, headers }: GivenAnswer, declared: Record<string, RawSchema>): Mismatch[] {
  const names = Object.keys(declared).map((name) => name.toLowerCase())
  const mismatches = [...headers.keys()]
    .filter((name) => !names.includes(name) && !otherHeaders.includes(name))
    .map((name) => ({ at: `header ${name}`, problem: 'is not declared' }))
  // The rate stands on good answers; on others it is usually absent (facts: amazon.md §3).
  const needed = names.filter((name) => name !== 'x-amzn-ratelimit-limit' || status < 300)
  for (const name of needed) if (!headers.get(name)) mismatches.push({ at: `header ${name}`, problem: 'is missing' })
  const rate = headers.get('x-amzn-ratelimit-limit')
  if (rate && !(Number(rate) > 0)) mismatches.push({ at: 'header x-amzn-ratelimit-limit', problem: 'is no rate' })
  return mismatches
}

function judgeJson(text: string, headers: Headers, check: Check): Mismatch[] {
  const mismatches: Mismatch[] = []
  if (!/^application\/json\b/.test(headers.get('content-type') ?? '')) {
    mismatches.push({ at: 'header content-type', problem: 'is not application/json' })
  }
  try {
    mismatches.push(...check(JSON.parse(text)))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    mismatches.push({ at: 'body', problem: 'is not JSON' })
  }
  return mismatches
}
