/**
 * What stands in a backup, in order: what it is, then each table with its rows as COPY wrote them, then the counts and
 * a checksum over everything before. Around it a compressed and sealed stream; nothing is ever whole in memory.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { TableShape } from '../database/copy.ts'
import { ArchiveFault } from '../sealing/archive.ts'

const table = z.object({
  name: z.string(),
  columns: z.array(z.string()),
  partitions: z.array(z.object({ name: z.string(), bound: z.string() })),
})
const manifestSchema = z.object({
  product: z.string(),
  snapshotAt: z.iso.datetime(),
  migrations: z.array(z.object({ name: z.string(), hash: z.string() })),
  /** Left out on purpose. */
  without: z.array(z.string()),
})
const endSchema = z.object({ rows: z.record(z.string(), z.number()), sha256: z.string() })

export type Manifest = z.output<typeof manifestSchema>

export type Part =
  | { kind: 'manifest'; manifest: Manifest }
  | { kind: 'table'; table: TableShape }
  | { kind: 'rows'; bytes: Buffer }
  /** Only when everything before it was whole. */
  | { kind: 'end'; rows: Record<string, number> }

const marks = { manifest: 0x4d, table: 0x54, rows: 0x44, end: 0x5a } as const
/** Rows are gathered to pieces of about this size. */
const pieceSize = 128 * 1024
const pieceLimit = 64 * 1024 * 1024

function record(mark: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head[0] = mark
  head.writeUInt32BE(payload.length, 1)
  return Buffer.concat([head, payload])
}

/** COPY ends each row with a line feed, and writes those inside of values as \n. */
function rowsIn(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count += 1
  return count
}

/** The parts as bytes. `rowsOf` gives a table's rows as COPY writes them. */
export async function* writeParts(
  manifest: Manifest,
  tables: readonly TableShape[],
  rowsOf: (table: TableShape) => AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  const rows: Record<string, number> = {}
  const put = (mark: number, payload: Buffer): Buffer => {
    const bytes = record(mark, payload)
    hash.update(bytes)
    return bytes
  }
  yield put(marks.manifest, Buffer.from(JSON.stringify(manifest)))
  for (const one of tables) {
    yield put(marks.table, Buffer.from(JSON.stringify(one)))
    let count = 0
    let gathered: Buffer[] = []
    let size = 0
    for await (const chunk of rowsOf(one)) {
      count += rowsIn(chunk)
      gathered.push(chunk)
      size += chunk.length
      if (size < pieceSize) continue
      yield put(marks.rows, Buffer.concat(gathered))
      gathered = []
      size = 0
    }
    if (size > 0) yield put(marks.rows, Buffer.concat(gathered))
    rows[one.name] = count
  }
  yield record(marks.end, Buffer.from(JSON.stringify({ rows, sha256: hash.digest('hex') })))
}

/** Reads what `writeParts` wrote; an ArchiveFault where it is not whole. */
export async function* readParts(source: AsyncIterable<Buffer>): AsyncGenerator<Part> {
  const hash = createHash('sha256')
  const counts: Record<string, number> = {}
  let current: string | undefined
  let ended = false
  for await (const bytes of records(source)) {
    if (ended) throw new ArchiveFault('damaged')
    const payload = bytes.subarray(5)
    if (bytes[0] === marks.end) {
      const { rows, sha256 } = parse(endSchema, payload)
      const same = Object.entries(rows).every(([name, count]) => counts[name] === count)
      if (sha256 !== hash.digest('hex') || !same) throw new ArchiveFault('damaged')
      ended = true
      yield { kind: 'end', rows }
      continue
    }
    hash.update(bytes)
    if (bytes[0] === marks.manifest) yield { kind: 'manifest', manifest: parse(manifestSchema, payload) }
    else if (bytes[0] === marks.table) {
      const shape = parse(table, payload)
      current = shape.name
      counts[current] = 0
      yield { kind: 'table', table: shape }
    } else if (bytes[0] === marks.rows && current !== undefined) {
      counts[current]! += rowsIn(payload)
      yield { kind: 'rows', bytes: payload }
    } else throw new ArchiveFault('damaged')
  }
  if (!ended) throw new ArchiveFault('cut')
}

async function* records(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = []
  let size = 0
  let wanted = 5
  for await (const chunk of source) {
    waiting.push(chunk)
    size += chunk.length
    if (size < wanted) continue
    let bytes = Buffer.concat(waiting)
    for (;;) {
      if (bytes.length < 5) {
        wanted = 5
        break
      }
      const length = bytes.readUInt32BE(1)
      if (length > pieceLimit) throw new ArchiveFault('damaged')
      wanted = 5 + length
      if (bytes.length < wanted) break
      yield bytes.subarray(0, wanted)
      bytes = bytes.subarray(wanted)
    }
    waiting = [bytes]
    size = bytes.length
  }
  if (size > 0) throw new ArchiveFault('cut')
}

function parse<T>(schema: z.ZodType<T>, payload: Buffer): T {
  try {
    return schema.parse(JSON.parse(payload.toString()))
  } catch {
    throw new ArchiveFault('damaged')
  }
}
