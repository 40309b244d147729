/** Starts the bridge: `node examples/magento/main.ts`. What it needs is told by docs/connect-magento.md. */
import { createServer } from 'node:http'
import { createBridge } from './bridge.ts'
import { createHub } from './hub.ts'
import { createMagento } from './magento.ts'
import { wordOf } from './mapping.ts'
import { openMemory } from './memory.ts'

function need(name: string): string {
  const value = process.env[name]
  if (value) return value
  console.error(`${name} is not set; docs/connect-magento.md says what belongs there.`)
  process.exit(1)
}

const pullEveryMs = 30_000
const bodyAtMost = 1_000_000

const bridge = createBridge({
  account: need('HUB_ACCOUNT'),
  magento: createMagento({
    url: need('MAGENTO_URL'),
    token: need('MAGENTO_TOKEN'),
    source: process.env.MAGENTO_SOURCE ?? 'default',
    stockId: Number(process.env.MAGENTO_STOCK ?? '1'),
    fetch,
  }),
  hub: createHub({ url: need('HUB_URL'), key: need('HUB_KEY'), fetch }),
  memory: openMemory(process.env.BRIDGE_FILE ?? 'magento-bridge.json', wordOf(new Date())),
  secrets: need('HUB_SECRETS').split(' '),
  now: () => new Date(),
})

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyAtMost) return void response.writeHead(413).end()
    chunks.push(chunk)
  }
  const answer = await bridge.handle(
    new Request('http://bridge/', {
      method: 'POST',
      headers: Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
        typeof value === 'string' ? [[name, value]] : [],
      ),
      body: Buffer.concat(chunks),
    }),
  )
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
})
const { PORT = '4500', HOST = '127.0.0.1' } = process.env
server.listen(Number(PORT), HOST, () => console.log(`The hub's webhooks are expected at http://${HOST}:${PORT}/`))

const look = () => bridge.pull().catch((error: Error) => console.error(`orders were not read: ${error.message}`))
void look()
const timer = setInterval(look, pullEveryMs)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    clearInterval(timer)
    server.close()
  })
