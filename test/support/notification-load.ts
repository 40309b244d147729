/** A process of its own that sends signed notifications at a steady pace, whatever the answers take. Prints one line of JSON. */
import { Agent, request } from 'node:http'
import { Webhook } from 'standardwebhooks'

export interface LoadPlan {
  port: number
  path: string
  secret: string
  perSecond: number
  seconds: number
  /** Each id once; names what was acknowledged. */
  prefix: string
}

export interface LoadReport {
  acknowledged: string[]
  /** Statuses other than 204, and errors, by how often. */
  others: Record<string, number>
  p50Ms: number
  p99Ms: number
  mostMs: number
  tookMs: number
}

if (process.argv[1] === import.meta.filename) {
  const plan = JSON.parse(process.argv[2]!) as LoadPlan
  process.stdout.write(`${JSON.stringify(await run(plan))}\n`)
}

async function run(plan: LoadPlan): Promise<LoadReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const signer = new Webhook(plan.secret)
  const total = plan.perSecond * plan.seconds
  // Signed beforehand: what is measured is the other side.
  const calls = Array.from({ length: total }, (_, index) => {
    const id = `${plan.prefix}${index}`
    const now = new Date()
    const body = JSON.stringify({
      type: 'orders.changed',
      timestamp: now.toISOString(),
      orders: [id],
      pad: 'x'.repeat(2_000),
    })
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': signer.sign(id, now, body),
    }
    return { id, body, headers }
  })
  const acknowledged: string[] = []
  const others: Record<string, number> = {}
  const times: number[] = []
  const send = ({ id, body, headers }: (typeof calls)[number]) =>
    new Promise<void>((resolve) => {
      const began = performance.now()
      const end = (word: string) => {
        times.push(performance.now() - began)
        if (word === '204') acknowledged.push(id)
        else others[word] = (others[word] ?? 0) + 1
        resolve()
      }
      const call = request(
        { agent, port: plan.port, host: '127.0.0.1', method: 'POST', path: plan.path, headers },
        (answer) => {
          answer.resume()
          answer.on('end', () => end(String(answer.statusCode)))
        },
      )
      call.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
      call.end(body)
    })
  const began = performance.now()
  const under: Promise<void>[] = []
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1_000) * plan.perSecond) + 1)
    while (sent < due) under.push(send(calls[sent++]!))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await Promise.all(under)
  agent.destroy()
  const sorted = times.sort((a, b) => a - b)
  const at = (share: number) => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10
  return {
    acknowledged,
    others,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    mostMs: at(0.9999),
    tookMs: Math.round(performance.now() - began),
  }
}
