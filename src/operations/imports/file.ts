/** The bytes of an uploaded file: taken in piece by piece, sealed, and read again as lines. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { parse } from 'csv-parse'
import { parse as parseWhole } from 'csv-parse/sync'
import { addChunk, chunkOf, type ImportRow, type Sealed } from '../../database/imports.ts'
import { Problem } from '../../domain/errors.ts'
import type { Context } from '../context.ts'

export const largestFile = 50 * 1024 * 1024
export const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'gb18030', 'windows-1252'] as const
export type Encoding = (typeof encodings)[number]

const pieceSize = 1024 * 1024
/** How much of the beginning tells encoding, delimiter and header. */
const headSize = 256 * 1024
const delimiters = [',', ';', '\t', '|']

type Files = Pick<Context, 'db' | 'sealing' | 'clock'>
const zip = promisify(gzip)
const unzip = promisify(gunzip)

/** Whatever stands in a file may be about a buyer: it is sealed like buyer data, under the day's key. */
export function sealPiece(ctx: Pick<Context, 'sealing' | 'clock'>, text: string, name: string): Sealed {
  return ctx.sealing.sealBuyer(text, name, ctx.clock.now())
}

/** Undefined where the day's key was destroyed: the file is erased. */
export function openPiece(ctx: Pick<Context, 'sealing'>, piece: Sealed, name: string): string | undefined {
  return ctx.sealing.openBuyer(piece.sealed, name, piece.epoch)
}

export class FileErased extends Error {}
export class FileBroken extends Error {
  readonly row: number
  constructor(row: number) {
    super(`the file cannot be read behind row ${row}`)
    this.row = row
  }
}

export interface Received {
  bytes: number
  sha256: string
  encoding: Encoding
  head: Buffer
}

/** Stores the body in pieces as it comes; refuses what is too large or no text. */
export async function storeFile(ctx: Files, id: string, body: AsyncIterable<Uint8Array>): Promise<Received> {
  const hash = createHash('sha256')
  const utf8 = strict('utf-8')
  const chinese = strict('gb18030')
  let head = Buffer.alloc(0)
  let waiting: Buffer[] = []
  let size = 0
  let bytes = 0
  let n = 0
  const flush = async () => {
    if (size === 0) return
    const packed = await zip(Buffer.concat(waiting), { level: 1 })
    await addChunk(ctx.db, id, n, sealPiece(ctx, packed.toString('base64'), `import:${id}:${n}`))
    n += 1
    waiting = []
    size = 0
  }
  for await (const given of body) {
    const piece = Buffer.from(given)
    bytes += piece.length
    if (bytes > largestFile) throw new Problem('file_too_large', { megabytes: largestFile / 1024 / 1024 })
    if (head.length < headSize) head = Buffer.concat([head, piece.subarray(0, headSize - head.length)])
    hash.update(piece)
    utf8.feed(piece)
    chinese.feed(piece)
    waiting.push(piece)
    size += piece.length
    if (size >= pieceSize) await flush()
  }
  await flush()
  const encoding = encodingOf(head, utf8.ended(), chinese.ended())
  return { bytes, sha256: hash.digest('hex'), encoding, head }
}

function strict(encoding: string) {
  const decoder = new TextDecoder(encoding, { fatal: true })
  let fits = true
  const feed = (piece?: Buffer) => {
    if (!fits) return
    try {
      decoder.decode(piece, { stream: piece !== undefined })
    } catch {
      fits = false
    }
  }
  return {
    feed,
    ended() {
      feed()
      return fits
    },
  }
}

function encodingOf(head: Buffer, isUtf8: boolean, isChinese: boolean): Encoding {
  if (head.length === 0) throw new Problem('file_unreadable', { reason: 'the file is empty' })
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le'
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be'
  if (head.subarray(0, 4).toString('latin1') === 'PK\x03\x04') throw new Problem('file_is_workbook')
  if (head.includes(0)) throw new Problem('file_unreadable', { reason: 'this is not a text file' })
  return isUtf8 ? 'utf-8' : isChinese ? 'gb18030' : 'windows-1252'
}

const withoutMark = (text: string) => (text.startsWith('\uFEFF') ? text.slice(1) : text)

/** The header line and the delimiter that cuts the first lines most evenly. */
export function readHead(head: Buffer, encoding: Encoding): { delimiter: string; columns: string[] } {
  const text = withoutMark(new TextDecoder(encoding).decode(head))
  const whole = head.length < headSize ? text : text.slice(0, Math.max(text.lastIndexOf('\n'), 1))
  let best = { score: -1, delimiter: ',', columns: [] as string[] }
  for (const delimiter of delimiters) {
    const rows = firstRows(whole, delimiter)
    const width = rows[0]?.length ?? 0
    const even = rows.filter((row) => row.length === width).length / Math.max(1, rows.length)
    const score = width < 2 ? 0 : even + Math.min(width, 20) / 100
    if (score > best.score) best = { score, delimiter, columns: rows[0] ?? [] }
  }
  const columns = best.columns.map((one) => one.trim().slice(0, 200))
  if (columns.every((one) => one === ''))
    throw new Problem('file_unreadable', { reason: 'its first line holds no column names' })
  if (columns.length > 500) throw new Problem('file_unreadable', { reason: 'it has more than 500 columns' })
  return { delimiter: best.delimiter, columns }
}

const parsing = {
  record_delimiter: ['\r\n', '\n', '\r'],
  relax_column_count: true,
  relax_quotes: true,
  max_record_size: 1_000_000,
}

function firstRows(text: string, delimiter: string): string[][] {
  // A quotation mark without its end must not hide the header before it.
  for (const to of [25, 1]) {
    try {
      return parseWhole(text, { ...parsing, delimiter, to }) as string[][]
    } catch {}
  }
  return []
}

/** The beginning of a stored file. */
export async function headOf(ctx: Files, id: string): Promise<Buffer> {
  for await (const piece of pieces(ctx, id)) return piece.subarray(0, headSize)
  throw new FileErased()
}

async function* pieces(ctx: Files, id: string): AsyncGenerator<Buffer> {
  for (let n = 0; ; n += 1) {
    const piece = await chunkOf(ctx.db, id, n)
    if (!piece) {
      if (n === 0) throw new FileErased()
      return
    }
    const text = openPiece(ctx, piece, `import:${id}:${n}`)
    if (text === undefined) throw new FileErased()
    yield await unzip(Buffer.from(text, 'base64'))
  }
}

async function* texts(ctx: Files, id: string, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding)
  let isFirst = true
  for await (const piece of pieces(ctx, id)) {
    const text = decoder.decode(piece, { stream: true })
    yield isFirst ? withoutMark(text) : text
    isFirst = false
  }
  yield decoder.decode()
}

/** One line of the file behind its header; `row` is its number as a spreadsheet shows it, where the header is row 1. */
export interface Line {
  row: number
  cells: string[]
}

/** All lines that hold something, in order. */
export async function* linesOf(
  ctx: Files,
  file: Pick<ImportRow, 'id' | 'encoding' | 'delimiter'>,
): AsyncGenerator<Line> {
  const parser = parse({ ...parsing, delimiter: file.delimiter })
  const source = Readable.from(texts(ctx, file.id, file.encoding))
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)
  let row = 0
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      row += 1
      if (row > 1 && cells.some((cell) => cell !== '')) yield { row, cells }
    }
  } catch (error) {
    if (String((error as { code?: string }).code).startsWith('CSV_')) throw new FileBroken(row)
    throw error
  } finally {
    source.destroy()
    parser.destroy()
  }
}
