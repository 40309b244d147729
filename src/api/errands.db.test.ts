import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OwnersApi, openOwnersApi } from '../../test/support/api.ts'
import { useDatabase } from '../../test/support/database.ts'
import { type ErrandShop, openErrandShop, orderOf, refusal } from '../../test/support/errand-shop.ts'
import { sendErrands } from '../operations/send-errands.ts'

const own = useDatabase()
let shop: ErrandShop
let api: OwnersApi
let id: string
beforeAll(async () => {
  shop = await openErrandShop(own.db)
  id = (await shop.take([orderOf()])).get('M-1')!
  api = await openOwnersApi(shop)
})
afterAll(async () => await api.close())

test('an order is shipped in parts, told, and listed; nobody ships more than is open', async () => {
  expect((await api.ask(`/orders/${id}/errands`)).can).toEqual({
    ship: true,
    tellsShipments: true,
    needsTracking: false,
    cancel: true,
    cancelLines: true,
    refund: true,
  })
  const part = { lines: [{ line: '1', quantity: 2 }], carrier: 'DHL', trackingNumber: 'JD1' }
  const shipment = await api.post(`/orders/${id}/shipments`, part)
  expect(shipment).toMatchObject({ kind: 'shipment', state: 'waiting', carrier: 'DHL', order: 'M-1', actor: 'Owner' })
  expect(shipment.lines).toMatchObject([{ sku: 'MUG', quantity: 2 }])
  const more = await api.inject('POST', `/orders/${id}/shipments`, part, 'zh')
  expect(more.json()).toMatchObject({ status: 409, code: 'more_than_open', params: { open: 1, quantity: 2 } })
  await sendErrands(shop.ctx, await shop.work())
  expect((await api.ask(`/orders/${id}/errands`)).items).toMatchObject([{ state: 'applied', remoteId: 'parcel 1' }])
  expect((await api.ask('/orders?view=to-ship')).items).toHaveLength(1)
  await api.post(`/orders/${id}/shipments`, {})
  // The channel still says "open"; nothing of it is left to ship.
  expect((await api.ask('/orders?view=to-ship')).items).toHaveLength(0)
  expect((await api.ask(`/orders/${id}/errands`)).can).toMatchObject({ ship: false, cancel: false })
  // Its newer version with more units is to be shipped again.
  const lines = [{ ...orderOf().lines[0]!, quantity: 5 }, orderOf().lines[1]!]
  await shop.take([orderOf({ version: 5, lines })])
  expect((await api.ask('/orders?view=to-ship')).items).toHaveLength(1)
})

test('what was refused waits for a person, who says what happened', async () => {
  shop.market.plan.push({ call: 'issue', error: refusal('RefundWindowOver'), carried: false })
  const lines = [{ line: '1', quantity: 1, amount: 500 }]
  const refund = await api.post(`/orders/${id}/refunds`, { lines, reason: 'damaged' })
  await sendErrands(shop.ctx, await shop.work())
  expect((await api.ask('/errands?view=person')).items).toMatchObject([
    { id: refund.id, state: 'refused', problem: { code: 'RefundWindowOver' } },
  ])
  const { findings } = await api.ask('/overview')
  expect(findings).toMatchObject([{ code: 'errand_refused', target: { kind: 'order', id } }])
  const said = await api.post(`/errands/${refund.id}/decision`, { decision: 'happened' })
  expect(said).toMatchObject({ state: 'applied' })
  const again = await api.inject('POST', `/errands/${refund.id}/decision`, { decision: 'again' })
  expect(again.json()).toMatchObject({ status: 409, code: 'errand_closed' })
  expect((await api.ask('/errands?view=person')).items).toEqual([])
  expect((await api.ask('/overview')).findings).toEqual([])
  const { timeline } = await api.ask(`/orders/${id}`)
  expect(timeline).toContainEqual(expect.objectContaining({ kind: 'decided' }))
})

test('a repeated call ships once, and an event tells the own store', async () => {
  await own.db.run(
    `insert into webhook_endpoints (id, url, events, secret_sealed, created_at) values ($1, 'https://x.example', $2, '\\x00', $3)`,
    [shop.ctx.newId(), ['shipment.created'], shop.clock.now()],
  )
  const other = (await shop.take([orderOf({ remoteId: 'S-1' })], shop.ids.store)).get('S-1')!
  const body = { lines: [{ line: '2', quantity: 1 }], trackingNumber: 'X1' }
  const { id: shipmentId } = await api.post(`/orders/${other}/shipments`, body)
  const [event] = await own.db.rows<{ body: { data: unknown } }>('select body from webhook_deliveries')
  expect(event!.body.data).toMatchObject({ remoteId: 'S-1', shipmentId })
  expect(JSON.stringify(await own.db.rows('select * from errands, effects, webhook_deliveries'))).not.toContain(
    'Canary',
  )
})
