/** The channels in a process of their own: notes when each quantity arrived, by the machine's one clock. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '../peers/serve.ts'
import { type Channels, createChannels } from './channels.ts'

let arrivals: unknown[] = []
let channels: Channels
let arrivedAt = 0

const server = createServer((request, response) => {
  const at = Number(process.hrtime.bigint()) / 1e6
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    arrivedAt = at
    const answer = channels.answer(
      request.method!,
      new URL(request.url!, 'http://receiver'),
      Buffer.concat(chunks).toString(),
    )
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer))
  })
})

serve({
  async open({ onHand }: { onHand: number }) {
    channels = createChannels(onHand, (channel, sku, quantity) => {
      arrivals.push([channel, sku, quantity, arrivedAt])
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  },
  sell({ channel, lines }: { channel: 'amazon' | 'storefront'; lines: [sku: string, quantity: number][] }) {
    for (const [sku, quantity] of lines) channels.sell(channel, sku, quantity)
  },
  /** What arrived since the last time. */
  take() {
    const taken = arrivals
    arrivals = []
    return taken
  },
})
