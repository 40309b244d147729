/** A store's checkouts: 64 connections that stay open, each asking again as soon as it was answered. */
import { Agent, request } from 'node:http'
import { closedLoop, serve } from '../peers/serve.ts'

interface Given {
  url: string
  key: string
  account: string
  skus: number
  connections: number
  durationMs: number
}

serve({
  async run({ url, key, account, skus, connections, durationMs }: Given) {
    const agent = new Agent({ keepAlive: true, maxSockets: connections })
    let failed = 0
    const loop = await closedLoop(connections, durationMs, async (caller, turn) => {
      // The first ones were sold out by the cases before.
      const sku = `SKU-${String(100 + Math.floor(Math.random() * (skus - 100))).padStart(6, '0')}`
      const reference = `http:${process.pid}:${caller}:${turn}`
      const body = { account, reference, lines: [{ sku, quantity: 1 }] }
      const isMade = (await post(agent, `${url}/api/v1/reservations`, key, body)) === 201
      if (!isMade) failed += 1
      return isMade
    })
    agent.destroy()
    return { ...loop, failed }
  },
})

function post(agent: Agent, url: string, key: string, body: { reference: string }): Promise<number> {
  const text = JSON.stringify(body)
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'idempotency-key': body.reference,
  }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      let body = ''
      answer.on('data', (chunk) => void (body += chunk))
      answer.once('end', () => {
        if (answer.statusCode !== 201) process.stderr.write(`refused: ${answer.statusCode} ${body}\n`)
        resolve(answer.statusCode ?? 0)
      })
    })
    sent.once('error', reject)
    sent.end(text)
  })
}
