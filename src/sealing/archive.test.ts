/** The sealed file: what was sealed opens, and nothing else does. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seeded, seededBytes } from '../../test/support/world.ts'
import { ArchiveFault, OpenArchive, sealArchive } from './archive.ts'

const random = seededBytes(seeded(5))
const key = random(32)
const about = { product: '1.2.3', createdAt: '2026-11-22T00:00:00Z' }

async function sealed(pieces: readonly Buffer[], masterKey = key): Promise<Buffer> {
  const out: Buffer[] = []
  await pipeline(
    Readable.from(pieces, { objectMode: false }),
    sealArchive(masterKey, random, about),
    async (source) => {
      for await (const chunk of source) out.push(chunk as Buffer)
    },
  )
  return Buffer.concat(out)
}

/** Opens it in pieces of `size`; answers the plain bytes, or what is wrong. */
async function opened(file: Buffer, masterKey = key, size = 1_000): Promise<Buffer | string> {
  const pieces = Array.from({ length: Math.ceil(file.length / size) }, (_, n) =>
    file.subarray(n * size, (n + 1) * size),
  )
  const out: Buffer[] = []
  try {
    await pipeline(Readable.from(pieces, { objectMode: false }), new OpenArchive(masterKey), async (source) => {
      for await (const chunk of source) out.push(chunk as Buffer)
    })
    return Buffer.concat(out)
  } catch (error) {
    if (error instanceof ArchiveFault) return error.trouble
    throw error
  }
}

/** Where each frame begins, after the header. */
function frames(file: Buffer): { from: number; to: number }[] {
  const list: { from: number; to: number }[] = []
  for (let at = 16 + 4 + file.readUInt32BE(16); at < file.length; ) {
    const to = at + 4 + file.readUInt32BE(at)
    list.push({ from: at, to })
    at = to
  }
  return list
}

const three = () => sealed([Buffer.alloc(500, 1), Buffer.alloc(500, 2), Buffer.alloc(500, 3)])

test('whatever was sealed opens again, in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 3_000 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 4_000 }),
      async (pieces, size) => {
        const plain = pieces.map((piece) => Buffer.from(piece))
        expect(await opened(await sealed(plain), key, size)).toEqual(Buffer.concat(plain))
      },
    ),
    { numRuns: 60 },
  )
})

test('nothing of the content can be seen, and two files of the same content differ', async () => {
  const secret = Buffer.from('whsec_canary'.repeat(20))
  const [one, two] = [await sealed([secret]), await sealed([secret])]
  expect(one.includes('canary')).toBe(false)
  expect(one.equals(two)).toBe(false)
})

test('frames that change places, are left out, doubled or come from another file do not open', async () => {
  const file = await three()
  const [a, b, c] = frames(file) as [
    { from: number; to: number },
    { from: number; to: number },
    { from: number; to: number },
  ]
  const head = file.subarray(0, a.from)
  const part = ({ from, to }: { from: number; to: number }, of = file) => of.subarray(from, to)
  const other = await three()
  expect(await opened(Buffer.concat([head, part(a), part(b), part(c)]))).toHaveLength(1_500)
  for (const wrong of [
    [part(b), part(a), part(c)],
    [part(a), part(c)],
    [part(a), part(a), part(b), part(c)],
    [part(a), part(b, other), part(c)],
    [part(a), part(b), part(c), part(c)],
  ])
    expect(await opened(Buffer.concat([head, ...wrong]))).toBe('damaged')
  // A whole frame missing at the end looks like an end, and is none.
  expect(await opened(Buffer.concat([head, part(a), part(b)]))).toBe('cut')
  expect(await opened(head)).toBe('cut')
})

test('a header that was changed does not open, nor a wrong key, nor what is no backup', async () => {
  const file = await three()
  const dated = Buffer.from(file)
  dated.set(Buffer.from('2027'), dated.indexOf('2026'))
  expect(await opened(dated)).toBe('damaged')
  const newer = Buffer.from(file)
  newer.set(Buffer.from('"format":9'), newer.indexOf('"format":1'))
  expect(await opened(newer)).toBe('newer')
  expect(await opened(file, random(32))).toBe('wrong-key')
  expect(await opened(Buffer.from('PGDMP and so on, a file of another program'))).toBe('foreign')
  expect(await opened(Buffer.alloc(0))).toBe('cut')
})
