import { expect, test } from 'vitest'
import { type Bench, bench, listingPath, market, quantityPatch, seller } from '../testing.ts'

const all = '&includedData=summaries,offers,attributes,fulfillmentAvailability,issues,productTypes'

async function read({ amazon }: Bench, sku: string) {
  return (await amazon('GET', listingPath(sku) + all)).body
}

test('a quantity takes effect later, once, and overwrites what was sold meanwhile', async () => {
  const b = await bench({ amazon: { effectMs: { min: 5_000, max: 40_000 } } })
  const answer = (await b.amazon('PATCH', listingPath('MUG'), quantityPatch(8))).body
  expect(answer).toMatchObject({ sku: 'MUG', status: 'ACCEPTED', issues: [] })
  expect((await read(b, 'MUG')).fulfillmentAvailability).toEqual([{ fulfillmentChannelCode: 'DEFAULT', quantity: 10 }])
  await b.control('POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 5 })
  await b.pass(4)
  expect((await read(b, 'MUG')).fulfillmentAvailability[0].quantity).toBe(5)
  await b.pass(36)
  expect((await read(b, 'MUG')).fulfillmentAvailability[0].quantity).toBe(8)
  const { effects } = (await b.control('GET', '/state')).body.channels.amazon
  expect(effects).toMatchObject([{ operation: 'patchListingsItem', sku: 'MUG', quantity: 8, applied: true }])
})

test('writes to one SKU keep their order', async () => {
  const b = await bench()
  for (let quantity = 0; quantity < 20; quantity++) {
    await b.amazon('PATCH', listingPath('MUG'), quantityPatch(quantity))
    await b.pass(1)
  }
  await b.pass(60)
  expect((await read(b, 'MUG')).fulfillmentAvailability[0].quantity).toBe(19)
})

test('merge keeps the lead time, replace wipes it', async () => {
  const b = await bench()
  const lead = async () => (await read(b, 'MUG')).attributes.fulfillment_availability[0].lead_time_to_ship_max_days
  expect(await lead()).toBe(2)
  await b.amazon('PATCH', listingPath('MUG'), quantityPatch(8))
  await b.pass(60)
  expect(await lead()).toBe(2)
  await b.amazon('PATCH', listingPath('MUG'), quantityPatch(7, 'replace'))
  await b.pass(60)
  expect(await lead()).toBeUndefined()
})

test('a DEFAULT entry written to an FBA listing stands beside it', async () => {
  const b = await bench()
  expect((await read(b, 'FBA')).fulfillmentAvailability).toEqual([{ fulfillmentChannelCode: 'AMAZON_NA' }])
  await b.amazon('PATCH', listingPath('FBA'), quantityPatch(3))
  await b.pass(60)
  expect((await read(b, 'FBA')).fulfillmentAvailability).toEqual([
    { fulfillmentChannelCode: 'AMAZON_NA' },
    { fulfillmentChannelCode: 'DEFAULT', quantity: 3 },
  ])
})

test('wrong values are a 200 with INVALID, wrong shapes a 400, unknown SKUs a 404', async () => {
  const { amazon, control } = await bench()
  const patch = (value: unknown, path = '/attributes/fulfillment_availability', op = 'merge') =>
    amazon('PATCH', listingPath('MUG'), { productType: 'PRODUCT', patches: [{ op, path, value }] })
  const invalid = [
    await patch([{ quantity: 1 }]),
    await patch([{ fulfillment_channel_code: 'DEFAULT', quantity: -1 }]),
    await patch([{ fulfillment_channel_code: 'DEFAULT', quantity: 1.5 }]),
    await patch([{ fulfillment_channel_code: 'AMAZON_NA', quantity: 1 }]),
    await patch([]),
    await patch([{ value: 'x' }], '/attributes/fake'),
  ]
  for (const { status, body } of invalid) {
    expect([status, body.status, body.issues[0].severity]).toEqual([200, 'INVALID', 'ERROR'])
  }
  expect((await patch([{}], '/quantity')).status).toBe(400)
  expect((await patch([{}], '/attributes/fulfillment_availability', 'set')).status).toBe(400)
  expect((await amazon('PATCH', listingPath('MUG'), { productType: 'PRODUCT', patches: [] })).status).toBe(400)
  expect((await amazon('PATCH', listingPath('MUG'), '{')).status).toBe(400)
  expect((await amazon('PATCH', listingPath('NONE'), quantityPatch(1))).body.errors[0].code).toBe('NOT_FOUND')
  expect((await amazon('GET', listingPath('NONE'))).status).toBe(404)
  expect((await amazon('GET', `/listings/2021-08-01/items/${seller}/MUG`)).status).toBe(400)
  expect((await amazon('GET', listingPath('MUG').replace(seller, 'OTHER'))).status).toBe(403)
  expect((await control('GET', '/state')).body.channels.amazon.effects).toEqual([])
})

test('a preview changes nothing', async () => {
  const { amazon, control } = await bench()
  const answer = await amazon('PATCH', `${listingPath('MUG')}&mode=VALIDATION_PREVIEW`, quantityPatch(1))
  expect(answer.body.status).toBe('VALID')
  expect((await control('GET', '/state')).body.channels.amazon.effects).toEqual([])
})

test('an awkward SKU survives the path', async () => {
  const b = await bench()
  expect((await read(b, 'A/B +1')).sku).toBe('A/B +1')
})

test('search: pages, identifiers, datasets', async () => {
  const { amazon } = await bench()
  const path = `/listings/2021-08-01/items/${seller}?marketplaceIds=${market}`
  const first = (await amazon('GET', `${path}&pageSize=2&sortBy=sku&sortOrder=ASC`)).body
  expect(first.numberOfResults).toBe(3)
  expect(first.items.map((item: { sku: string }) => item.sku)).toEqual(['A/B +1', 'FBA'])
  const second = (
    await amazon('GET', `${path}&pageSize=2&sortBy=sku&sortOrder=ASC&pageToken=${first.pagination.nextToken}`)
  ).body
  expect(second.items.map((item: { sku: string }) => item.sku)).toEqual(['MUG'])
  expect(second.pagination.nextToken).toBeUndefined()
  const query = '&identifiers=B0SIM00001&identifiersType=ASIN&includedData=fulfillmentAvailability'
  expect((await amazon('GET', path + query)).body.items).toEqual([
    { sku: 'MUG', fulfillmentAvailability: [{ fulfillmentChannelCode: 'DEFAULT', quantity: 10 }] },
  ])
  expect((await amazon('GET', `${path}&identifiers=MUG`)).status).toBe(400)
  expect((await amazon('GET', `${path}&pageSize=21`)).status).toBe(400)
  expect((await amazon('GET', `${path}&pageToken=abc`)).status).toBe(400)
})
