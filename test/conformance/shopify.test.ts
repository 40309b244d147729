/** Every document against the published schemas, and the simulated store's schema and answers with them. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import {
  buildClientSchema,
  execute,
  type GraphQLSchema,
  getOperationAST,
  type IntrospectionQuery,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isScalarType,
  parse,
  validate,
} from 'graphql'
import { describe, expect, test } from 'vitest'
import { schema as simulated } from '../../simulator/shopify/schema.ts'
import type { Document } from '../../src/channels/shopify/documents.ts'
import * as plain from '../../src/channels/shopify/documents.ts'
import * as account from '../../src/channels/shopify/documents-account.ts'
import * as effects from '../../src/channels/shopify/documents-effects.ts'
import * as money from '../../src/channels/shopify/documents-money.ts'
import { shopify } from '../../src/channels/shopify/index.ts'
import { pullAll, type ShopBench, shopBench, startedAt } from '../support/shopify.ts'

const folder = join(resolve(process.env.SPECS_DIR ?? '../shared/specs'), 'shopify')
const versions = ['2026-10', '2026-07'] as const
const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && 'text' in value && 'isWrite' in value
const documents = [plain, account, effects, money].flatMap((room) => Object.values(room).filter(isDocument))

function readSchema(version: string): GraphQLSchema {
  const file = join(folder, `admin_${version}.introspection.json.gz`)
  const { data } = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as { data: IntrospectionQuery }
  return buildClientSchema(data, { assumeValid: true })
}

test('there are schemas to hold against', () => {
  expect(versions.filter((version) => !existsSync(join(folder, `admin_${version}.introspection.json.gz`)))).toEqual([])
  expect(documents.length).toBeGreaterThan(20)
})

describe.each(versions)('%s', (version) => {
  const official = readSchema(version)

  test.each(documents.map((one) => [one.operation, one] as const))(
    '%s is valid, and asks for nothing that ends',
    (_, one) => {
      const document = parse(one.text)
      expect(validate(official, document).map(({ message }) => message)).toEqual([])
      const root = getOperationAST(document)!
      expect(root.operation).toBe(one.isWrite ? 'mutation' : 'query')
      expect(one.points).toBeGreaterThan(0)
    },
  )

  test('a document with a mistake is found', () => {
    const broken = plain.orders.text.replace('currentQuantity', 'currentAmount')
    expect(validate(official, parse(broken))).toHaveLength(1)
    const withoutKey = effects.createRefund.text.replace(' @idempotent(key: $key)', '')
    // The variable is left over, so a forgotten key shows.
    expect(validate(official, parse(withoutKey))).toHaveLength(1)
  })

  test('the simulated store has the types that are published', () => {
    expect(differences(simulated, official)).toEqual([])
  })

  test('a simulated store with another type is found', () => {
    expect(outputMatches('Int!', 'Int')).toBe(false)
    expect(outputMatches('Int', 'Int!')).toBe(true)
  })
})

/** May a published type be answered where the simulated one is told? A field that is never null there may be told as nullable. */
const outputMatches = (told: string, published: string) => told === published || `${told}!` === published

function differences(own: GraphQLSchema, official: GraphQLSchema): string[] {
  const found: string[] = []
  for (const type of Object.values(own.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    const other = official.getType(type.name)
    if (!other) {
      found.push(`${type.name} is not published`)
      continue
    }
    if (isScalarType(type)) continue
    if (isEnumType(type) && isEnumType(other)) {
      for (const { name } of type.getValues())
        if (!other.getValue(name)) found.push(`${type.name}.${name} is not published`)
    } else if (isInputObjectType(type) && isInputObjectType(other)) {
      for (const [name, field] of Object.entries(type.getFields())) {
        const published = other.getFields()[name]
        if (!published) found.push(`${type.name}.${name} is not published`)
        else if (String(field.type) !== String(published.type)) found.push(`${type.name}.${name}: ${field.type}`)
      }
      for (const [name, field] of Object.entries(other.getFields()))
        if (isNonNullType(field.type) && field.defaultValue === undefined && !type.getFields()[name])
          found.push(`${type.name}.${name} is missing`)
    } else if ((isObjectType(type) || isInterfaceType(type)) && (isObjectType(other) || isInterfaceType(other))) {
      for (const [name, field] of Object.entries(type.getFields())) {
        const published = other.getFields()[name]
        if (!published) {
          found.push(`${type.name}.${name} is not published`)
          continue
        }
        if (!outputMatches(String(field.type), String(published.type)))
          found.push(`${type.name}.${name}: ${field.type} instead of ${published.type}`)
        for (const argument of field.args) {
          const same = published.args.find((one) => one.name === argument.name)
          if (!same) found.push(`${type.name}.${name}(${argument.name}) is not published`)
          else if (String(same.type) !== String(argument.type))
            found.push(`${type.name}.${name}(${argument.name}): ${argument.type} instead of ${same.type}`)
        }
        for (const argument of published.args)
          if (
            isNonNullType(argument.type) &&
            argument.defaultValue === undefined &&
            !field.args.some((one) => one.name === argument.name)
          )
            found.push(`${type.name}.${name}(${argument.name}) is missing`)
      }
    } else found.push(`${type.name} is another kind of type`)
  }
  return found
}

test('whatever the connector asks, its variables and the answers have the published types', async () => {
  const bench = shopBench({ points: 'none', skus: { MUG: 100, LAMP: 100 } })
  await everything(bench)
  expect(new Set(bench.traffic.map(({ query }) => query)).size).toBe(documents.length)
  for (const version of versions) {
    const official = readSchema(version)
    for (const { query, variables, status, answer } of bench.traffic) {
      expect(status).toBe(200)
      const { data, errors } = answer as { data: Record<string, unknown>; errors?: unknown }
      expect(errors).toBeUndefined()
      const document = parse(query)
      // The published schema runs the document over the answer itself: what does not fit its type is an error.
      const judged = await execute({
        schema: official,
        document,
        variableValues: variables,
        rootValue: data,
        fieldResolver: (source: Record<string, unknown>, _args, _context, info) =>
          source[info.path.key as string] ?? null,
        typeResolver: (value) => typeOf(value as Record<string, unknown>),
      })
      expect(judged.errors?.map(({ message }) => message) ?? []).toEqual([])
      expect(JSON.parse(JSON.stringify(judged.data))).toEqual(data)
    }
  }
})

function typeOf(value: Record<string, unknown>): string {
  if ('inventoryLevel' in value) return 'InventoryItem'
  if ('legacyResourceId' in value) return 'ShopifyPaymentsPayout'
  if ('displayFinancialStatus' in value) return 'Order'
  return 'fulfillmentLineItems' in value ? 'Fulfillment' : 'FulfillmentOrder'
}

/** Each document leaves at least once. */
async function everything(bench: ShopBench): Promise<void> {
  const seller = bench.account({ budget: false })
  const { stock, listings, shipments, refunds, cancellations, prices, copies, storeStock, webhooks, checks } =
    shopify as Required<typeof shopify>
  const buy = async (more = {}) =>
    (
      (await bench.control('POST', '/orders', { channel: 'shopify', sku: 'MUG', quantity: 1, ...more })).body as {
        orderId: string
      }
    ).orderId
  const lines = Array.from({ length: 90 }, (_, index) => ({ sku: index % 2 ? 'MUG' : 'LAMP', quantity: 1 }))
  await bench.pass(1)
  const long = await buy({ further: lines })
  await buy({ further: lines.slice(0, 40) })
  const [whole, part] = [await buy(), await buy({ quantity: 2 })]
  await bench.control('POST', `/orders/${part}/ship`)
  await bench.control('POST', `/orders/${part}/refund`, { sku: 'MUG', quantity: 1, restockType: 'RETURN' })
  await bench.pass(60)
  await listings.pull(seller, null)
  const { items } = await pullAll(shopify.orders!.pull, seller)
  const order = items.find(({ remoteId }) => remoteId === long)!
  await stock.read(bench.account({ budget: false }), ['MUG'])
  await stock.read(seller, ['MUG'])
  await stock.push(seller, [
    { key: 'a', remoteSku: 'MUG', quantity: 5, expected: (await bench.state()).shown.MUG!, version: 1 },
  ])
  const shipment = {
    reference: 's',
    shippedAt: new Date(startedAt),
    carrier: 'UPS',
    trackingNumber: '1',
    trackingUrl: null,
  }
  await shipments.confirm(seller, {
    ...shipment,
    orderRemoteId: long,
    lines: order.lines.map(({ remoteId, quantity }) => ({ remoteId, quantity })),
  })
  await shipments.read(seller, long)
  const refund = { reference: 'r', currency: 'USD', shippingAmount: 0, reason: 'returned' as const }
  await refunds.issue(seller, {
    ...refund,
    orderRemoteId: long,
    lines: [{ remoteId: order.lines[0]!.remoteId, quantity: 1, amount: 100 }],
  })
  await refunds.read(seller, long)
  await cancellations.request(seller, { reference: 'c', orderRemoteId: whole, lines: null, reason: 'buyer_asked' })
  await prices.push(seller, [
    { key: 'p', marketplace: '', remoteSku: 'MUG', remoteId: null, amount: 5, currency: 'USD' },
  ])
  await copies.create(seller, {
    reference: 'copy',
    source: { channel: 'amazon', orderRemoteId: '1' },
    placedAt: new Date(startedAt),
    currency: 'USD',
    lines: [{ remoteSku: 'MUG', remoteProductId: null, title: 'Mug', quantity: 1, unitPrice: 1 }],
    total: null,
    buyer: { name: 'A B', address: { line1: 'x', country: 'US' } },
  })
  await storeStock.locations(seller)
  await storeStock.pull(seller, null)
  await webhooks.subscribe!(seller, 'https://hub.example/a')
  await webhooks.subscribe!(seller, 'https://hub.example/b')
  for (const check of checks) await check.run(seller)
  await bench.pass(4 * 86_400)
  let cursor: unknown = null
  for (let more = true; more; ) {
    const page = await shopify.settlements!.pull(seller, cursor)
    more = page.more
    cursor = page.next
  }
  const span = { from: new Date(startedAt - 86_400_000), until: new Date(startedAt + 86_400_000) }
  const { ids } = await shopify.orders!.recount!.pull(seller, span, null)
  expect(ids).toHaveLength(5)
}
