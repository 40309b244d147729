/**
 * The other side of a hub under test, in the test's own process: a store that takes quantities (compare and set) and a
 * receiver of events. It writes down everything that arrives.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SetCall {
  sku: string
  quantity: number
  version: number
  /** Milliseconds of performance.now(). */
  at: number
  applied: boolean
}

export interface Store {
  origin: string
  sets: SetCall[]
  /** How often each event arrived, by its id. */
  events: Map<string, number>
  /** What it shows, by SKU. */
  shown: Map<string, number>
  /** Checkouts of this store lower it by themselves. */
  sell(sku: string, quantity: number): void
  close(): Promise<void>
}

interface SetItem {
  sku: string
  quantity: number
  expected: number
  version: number
}

/** `units`: what it shows of everything at first. */
export async function serveStore(skus: readonly string[], units: number): Promise<Store> {
  const shown = new Map(skus.map((sku) => [sku, units]))
  const versions = new Map(skus.map((sku) => [sku, 0]))
  const sets: SetCall[] = []
  const events = new Map<string, number>()
  const set = ({ sku, quantity, expected, version }: SetItem) => {
    const known = versions.get(sku)!
    const applied = version > known && shown.get(sku) === expected
    sets.push({ sku, quantity, version, at: performance.now(), applied })
    if (version === known) return { sku, applied: true }
    if (version < known) return { sku, applied: false, reason: 'stale', quantity: shown.get(sku) }
    if (!applied) return { sku, applied: false, reason: 'mismatch', quantity: shown.get(sku) }
    shown.set(sku, quantity)
    versions.set(sku, version)
    return { sku, applied: true }
  }
  const server = createServer(async (request, response) => {
    const text = await bodyOf(request)
    if (request.url === '/events') {
      const id = String(request.headers['webhook-id'])
      events.set(id, (events.get(id) ?? 0) + 1)
      return void response.writeHead(204).end()
    }
    const { type, data } = JSON.parse(text) as { type: string; data: { items: SetItem[] } }
    const items =
      type === 'stock.set'
        ? data.items.map(set)
        : data.items.map(({ sku }) => ({ sku, quantity: shown.get(sku) ?? null }))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ items }))
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    sets,
    events,
    shown,
    sell: (sku, quantity) => void shown.set(sku, Math.max(0, (shown.get(sku) ?? 0) - quantity)),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  // A caller that was killed under way leaves half a body: nothing arrived.
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
