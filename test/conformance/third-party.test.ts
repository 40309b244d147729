/** A third-party client, over real HTTP: the simulator has to be what others take for Amazon. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { createSimulator, serveSimulator } from '../../simulator/index.ts'
import { createGate, describeFindings, say, seller, startAt } from './support/bench.ts'
import { awkwardCatalog, awkwardSkus } from './support/catalog.ts'

const marketplaceIds = ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2']
const host = 'sellingpartnerapi-na.amazon.com'
const skus = awkwardSkus.slice(0, 4)

interface Outcome {
  orders: { ids: string[]; pages: number }
  patched: { sku: string; status: string; submissionId: string }[]
  read: { sku: string; fulfillmentAvailability: { fulfillmentChannelCode: string; quantity: number }[] }[]
  unknown: string
  unmapped: string
  direct: string
}

async function runClient(port: number): Promise<Outcome> {
  const child = fileURLToPath(new URL('./support/third-party-child.ts', import.meta.url))
  const env = {
    PATH: process.env.PATH,
    REDIRECT: JSON.stringify({ 'api.amazon.com': port, [host]: port }),
    TASK: JSON.stringify({ sellerId: seller, skus, marketplaceIds, quantity: 3 }),
  }
  const { stdout } = await promisify(execFile)(process.execPath, [child], { env, timeout: 30_000 })
  return JSON.parse(stdout) as Outcome
}

test('amazon-sp-api lists orders and patches listings', async () => {
  let time = startAt.getTime()
  const catalog = awkwardCatalog({ marketplaceIds })
  const amazon = { sellerId: seller, marketplaceIds }
  const history = { orders: 250, days: 6 }
  const simulator = createSimulator({ seed: 7, realNow: () => time, startAt, catalog, amazon, history })
  const control = async (method: string, path: string, body?: object) => {
    const request = new Request(`http://simulator/control${path}`, { method, body: body ? JSON.stringify(body) : null })
    return (await simulator.handle(request)).json()
  }
  // Its access token ends halfway: the client has to recognize that by the words of the answer and mint another.
  await control('POST', '/faults', { channel: 'amazon', operation: 'getListingsItem', kind: 'expire-token', count: 1 })
  const gate = createGate(simulator, { origin: `http://${host}`, tokenUrl: 'http://api.amazon.com/auth/o2/token' })
  const served = await serveSimulator({ ...simulator, handle: gate.handle }, { port: 0 })
  const outcome = await runClient(Number(new URL(served.url).port)).finally(() => served.close())

  const state = async () =>
    (
      (await control('GET', '/state')) as {
        channels: { amazon: { shown: Record<string, number>; orders: { id: string }[] } }
      }
    ).channels.amazon
  expect(outcome.orders.pages).toBe(3)
  expect(outcome.orders.ids.toSorted()).toEqual((await state()).orders.map(({ id }) => id).toSorted())
  expect(outcome.patched).toMatchObject(
    skus.map((sku) => ({ sku, status: 'ACCEPTED', submissionId: expect.any(String) })),
  )
  expect(
    outcome.read.map(({ sku, fulfillmentAvailability }) => [sku, fulfillmentAvailability[0]?.fulfillmentChannelCode]),
  ).toEqual(skus.map((sku) => [sku, 'DEFAULT']))
  expect(outcome.unknown).toMatch(/does not exist/)
  time += 5 * 60_000
  await simulator.tick()
  const { shown } = await state()
  expect(skus.map((sku) => shown[sku])).toEqual(skus.map(() => 3))

  // No way out: not to a host that is not mapped, and not past the patched call either.
  expect(outcome.unmapped).toBe('no way out to sellingpartnerapi-eu.amazon.com')
  expect(outcome.direct).toBe('no way out to 192.0.2.1')
  expect(describeFindings(gate.findings)).toEqual([])
  expect(gate.tallies.get('token')!.requests, 'one of each region, one after the expiry').toBe(3)
  const figures = [...gate.tallies].map(([name, { requests, answers }]) => `${name} ${requests}/${answers}`).join(', ')
  say(`amazon-sp-api over HTTP: requests/answers ${figures}`)
})
