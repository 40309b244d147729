import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { Core, Market } from '../core.ts'
import { underFaults } from '../faults.ts'
import type { FeedDocument } from '../state.ts'
import type { MarketName } from '../types.ts'

/** How long a handed out address works (model feeds_2021-06-30). */
const addressLifeMs = 5 * 60_000
/** What a feed may weigh (facts §6). */
const largest = 10 * 1024 * 1024
/** What a spoilt report unpacks to: more than any report can have. */
const bombBytes = 96 * 1024 * 1024

/** A new document, uploaded or still empty. */
export function addDocument(market: Market, contentType: string, text: string | null): FeedDocument {
  const random = market.random('ids')
  const id = `amzn1.tortuga.4.${market.settings.region}.${random.uuid()}`
  return keepDocument(market, { id, secret: random.letters(32), contentType, text })
}

/** One whose id says what it is. */
export function keepDocument(market: Market, one: Omit<FeedDocument, 'createdAt'>): FeedDocument {
  const document = { ...one, createdAt: market.now() }
  market.state.documents[one.id] = document
  market.touch()
  return document
}

export function documentOf(market: Market, id: string): FeedDocument | undefined {
  return Object.hasOwn(market.state.documents, id) ? market.state.documents[id] : undefined
}

/** Proof in an address that it was handed out for this use and until then. */
function signatureOf(document: FeedDocument, use: 'put' | 'get', expires: number): string {
  return createHash('sha256').update(`${document.secret} ${use} ${expires}`).digest('hex')
}

/** An address that was handed out: it works for this use, for a while. */
export function addressOf(market: Market, request: Request, document: FeedDocument, use: 'put' | 'get'): string {
  const expires = market.now() + addressLifeMs
  const url = new URL(`/feed-documents/${market.name}/${encodeURIComponent(document.id)}`, request.url)
  url.searchParams.set('expires', String(expires))
  url.searchParams.set('signature', signatureOf(document, use, expires))
  return url.toString()
}

/**
 * Where documents are put and fetched: a store beside the API. It knows no access token; the address itself is the
 * secret. Undefined: no address of this store.
 */
export async function feedDocuments(core: Core, request: Request, url: URL): Promise<Response | undefined> {
  const place = /^\/feed-documents\/([^/]+)\/([^/]+)$/.exec(url.pathname)
  const market = place && core.market(place[1] as MarketName)
  if (!market) return undefined
  const use = request.method === 'PUT' ? 'put' : 'get'
  const operation = use === 'put' ? 'uploadFeedDocument' : 'downloadFeedDocument'
  return await underFaults(
    core,
    market.name,
    operation,
    (status) => refuse(status, 'InternalError'),
    async () => {
      market.count(operation)
      const document = documentOf(market, decodeURIComponent(place[2]!))
      const expires = Number(url.searchParams.get('expires'))
      if (!document || url.searchParams.get('signature') !== signatureOf(document, use, expires)) {
        return refuse(403, 'SignatureDoesNotMatch')
      }
      if (market.now() >= expires) return refuse(403, 'AccessDenied')
      return use === 'put' ? await upload(market, document, request) : download(document)
    },
  )
}

/** Errors of the store have its own form, not the API's. */
function refuse(status: number, code: string): Response {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`
  return new Response(body, { status, headers: { 'content-type': 'application/xml' } })
}

async function upload(market: Market, document: FeedDocument, request: Request): Promise<Response> {
  // The type is part of what was signed.
  if (request.headers.get('content-type') !== document.contentType) return refuse(403, 'SignatureDoesNotMatch')
  const bytes = Buffer.from(await request.arrayBuffer())
  if (bytes.length > largest) return refuse(400, 'EntityTooLarge')
  document.text = bytes.toString('utf8')
  market.touch()
  return new Response(null, { status: 200 })
}

function download(document: FeedDocument): Response {
  const packed = document.flaw === 'bomb' ? gzipSync(Buffer.alloc(bombBytes)) : gzipSync(document.text ?? '')
  // Broken in the middle: its head is that of a good file.
  if (document.flaw === 'corrupt') packed.fill(0x55, Math.floor(packed.length / 2))
  return new Response(packed, { status: 200, headers: { 'content-type': 'application/octet-stream' } })
}
