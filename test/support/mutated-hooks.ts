/** Calls that are nearly a channel's: one that is signed well, and what fast-check makes of it. */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import type { IncomingHook } from '../../src/channels/capabilities.ts'

export interface Genuine {
  hook: Omit<IncomingHook, 'address'>
  /** Headers that the signature is in, or that it covers. */
  signed: readonly string[]
  /** Calls that are written otherwise and mean the same. */
  isSame?(hook: Omit<IncomingHook, 'address'>): boolean
}

/** Bodies that say the same: a channel whose check reads the JSON again may take one for the other. */
export function saysTheSame(one: Uint8Array, other: Uint8Array): boolean {
  if (Buffer.from(one).equals(other)) return true
  try {
    const parse = (body: Uint8Array) => JSON.stringify(JSON.parse(new TextDecoder().decode(body)))
    return parse(one) === parse(other)
  } catch {
    return false
  }
}

type Mutation = (body: Buffer) => Buffer

const place = fc.nat(100_000)
const bodies: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(
    ([at, bits]): Mutation =>
      (body) => {
        const next = Buffer.from(body)
        if (next.length > 0) next[at % next.length]! ^= bits
        return next
      },
  ),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 40 })).map(
    ([at, bytes]): Mutation =>
      (body) =>
        Buffer.concat([body.subarray(0, at % (body.length + 1)), bytes, body.subarray(at % (body.length + 1))]),
  ),
  place.map(
    (at): Mutation =>
      (body) =>
        body.subarray(0, at % Math.max(1, body.length)),
  ),
  fc.uint8Array({ maxLength: 2_000 }).map(
    (bytes): Mutation =>
      () =>
        Buffer.from(bytes),
  ),
  fc.json().map(
    (text): Mutation =>
      () =>
        Buffer.from(text),
  ),
  fc.constantFrom<Mutation>(
    () => Buffer.alloc(0),
    (body) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]),
    (body) => Buffer.from(body.toString('utf8'), 'utf16le'),
    (body) => gzipSync(body),
    (body) => Buffer.from(body.toString('base64')),
    (body) => Buffer.concat([body, body]),
    (body) => Buffer.from(`${'['.repeat(20_000)}${body}`),
    (body) => Buffer.from(body.toString('utf8').replace('{', '{"__proto__":{"type":"x"},')),
  ),
)

const text = (value: string): fc.Arbitrary<string | undefined> =>
  fc.oneof(
    fc.constantFrom(undefined, '', ' ', value.slice(1), value.slice(0, -1), `${value}${value}`, value.toUpperCase()),
    fc.constantFrom(
      value.replaceAll('+', '-').replaceAll('/', '_').replace(/=*$/, '~'),
      `v0,${value}`,
      `${value},${value}`,
    ),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.base64String({ maxLength: 200 }),
    fc.integer().map(String),
    fc.tuple(place, fc.integer({ min: 33, max: 126 })).map(([at, code]) => {
      const index = at % Math.max(1, value.length)
      const other = value[index] === String.fromCharCode(code) ? '!' : String.fromCharCode(code)
      return value.slice(0, index) + other + value.slice(index + 1)
    }),
  )

export interface Mutated {
  hook: Omit<IncomingHook, 'address'>
  what: string
}

/** Always another call than the genuine one in something that a signature is about. */
export function mutationsOf({ hook, signed, isSame = () => false }: Genuine): fc.Arbitrary<Mutated> {
  const body = Buffer.from(hook.body)
  const ofBody = bodies
    .map((mutate): Mutated => ({ hook: { ...hook, body: mutate(body) }, what: 'body' }))
    .filter((one) => !saysTheSame(one.hook.body, body))
  const ofHeader = fc
    .constantFrom(...signed)
    .chain((name) => text(hook.headers[name]!).map((value) => [name, value] as const))
    .filter(([name, value]) => value !== hook.headers[name])
    .map(([name, value]): Mutated => {
      const { [name]: _gone, ...others } = hook.headers
      return { hook: { ...hook, headers: value === undefined ? others : { ...others, [name]: value } }, what: name }
    })
    .filter((one) => !isSame(one.hook))
  const ofMethod = fc
    .record({ query: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }) })
    .map(({ query }): Mutated => ({ hook: { ...hook, method: 'GET', query, body: Buffer.alloc(0) }, what: 'method' }))
  const ofAll = fc
    .tuple(fc.dictionary(fc.string(), fc.string(), { maxKeys: 8 }), fc.uint8Array({ maxLength: 500 }))
    .map(([headers, bytes]): Mutated => ({ hook: { ...hook, headers, body: bytes }, what: 'all' }))
  return fc.oneof(
    { weight: 5, arbitrary: ofBody },
    { weight: 5, arbitrary: ofHeader },
    { weight: 1, arbitrary: ofMethod },
    { weight: 1, arbitrary: ofAll },
  )
}
