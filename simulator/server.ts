import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ConnectionLost } from './http.ts'
import type { Simulator } from './types.ts'

const maxBody = 10 * 1024 * 1024
const tickMs = 1000

/**
 * Puts the simulator behind a port. A lost connection becomes a destroyed socket. Once a second it moves on by itself,
 * so that the store repeats what it could not tell the hub.
 */
export async function serveSimulator(
  simulator: Simulator,
  options: { port: number; host?: string },
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => void answer(simulator, incoming, outgoing))
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, host, resolve)
  })
  let ticking = false
  const timer = setInterval(() => {
    if (ticking) return
    ticking = true
    void simulator.tick().finally(() => {
      ticking = false
    })
  }, tickMs)
  timer.unref()
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    async close() {
      clearInterval(timer)
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(simulator: Simulator, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  try {
    const response = await simulator.handle(await toRequest(incoming))
    // By the marketplaces' own clock, which may run at another speed than this machine's.
    const date = response.headers.get('date') ?? simulator.now().toUTCString()
    outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), date })
    outgoing.end(Buffer.from(await response.arrayBuffer()))
  } catch (error) {
    // The client sees a reset, as when a network breaks.
    if (error instanceof ConnectionLost) return void incoming.socket.destroy()
    if (outgoing.headersSent) return void outgoing.destroy()
    outgoing.writeHead(500, { 'content-type': 'application/json' })
    outgoing.end(JSON.stringify({ error: `the simulator failed: ${String(error)}` }))
  }
}

async function toRequest(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBody) throw new Error('the request is too large')
    chunks.push(chunk)
  }
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of [value].flat()) if (one !== undefined) headers.append(name, one)
  }
  const method = incoming.method ?? 'GET'
  const bodyless = method === 'GET' || method === 'HEAD' || size === 0
  const host = incoming.headers.host ?? 'localhost'
  const body = bodyless ? undefined : Buffer.concat(chunks)
  return new Request(new URL(incoming.url ?? '/', `http://${host}`), { method, headers, body })
}
