/** R24: amounts in currencies without and with three decimals, with tax in them or beside them: exact to the minor unit. */
import { afterEach, expect, test, vi } from 'vitest'
import type { CatalogItem } from '../../simulator/index.ts'
import { checkStep } from '../simulation/checks.ts'
import { useDatabase } from '../support/database.ts'
import { orderAmounts, patienceMs, printCount } from '../support/iterations.ts'
import { checkMarket, type Market, minute, openFindings, openMarket } from '../support/market.ts'
import { seeded } from '../support/world.ts'

vi.setConfig({ testTimeout: patienceMs })
const own = useDatabase()
let market: Market
afterEach(async () => await market.close())

const digits: Record<string, number> = { JPY: 0, KRW: 0, USD: 2, EUR: 2, KWD: 3, BHD: 3, TND: 3 }

/** Decimal text of whole minor units, by text alone. */
function decimal(minor: bigint, currency: string): string {
  const places = digits[currency]!
  const text = (minor < 0n ? -minor : minor).toString().padStart(places + 1, '0')
  const whole = places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`
  return `${minor < 0n ? '-' : ''}${whole}`
}

test('R24 tax in the prices, beside them, discounts, refunds: what is stored adds up to the last unit', async () => {
  printCount('R24 orders with amounts', orderAmounts)
  market = await openMarket(own.db)
  const random = seeded(24)
  const most = BigInt(Number.MAX_SAFE_INTEGER)
  const sums = new Map<string, { total: bigint; lines: bigint }>()
  const expected = new Map<string, { currency: string; total: bigint; unitPrice: bigint }>()
  for (let n = 0; n < orderAmounts; n += 1) {
    const currency = Object.keys(digits)[n % Object.keys(digits).length]!
    const quantity = 1 + Math.floor(random() * 3)
    // Ordinary prices, and now and then the largest that can be counted.
    const unitPrice = n % 17 === 0 ? most / 3n : BigInt(Math.floor(random() * 10_000_000))
    const items = unitPrice * BigInt(quantity)
    const tax = BigInt(Math.floor(random() * 1_000_000))
    const included = random() < 0.5
    const refunded = random() < 0.1
    const total = refunded ? -tax : n % 17 === 0 || included ? items : items + tax
    const money = (amount: bigint) => ({ amount: decimal(amount, currency), currencyCode: currency })
    const id = await market.buy({ quantity })
    const changes = [
      {
        at: '/proceeds',
        value: {
          grandTotal: money(total),
          breakdowns: [
            { type: 'ITEM', subtotal: money(items) },
            { type: 'TAX', subtotal: money(tax) },
          ],
        },
      },
      { at: '/orderItems/0/product/price', value: { unitPrice: money(unitPrice) } },
    ]
    await market.fault({ operation: 'searchOrders', kind: 'rewrite', orderId: id, changes })
    expected.set(id, { currency, total, unitPrice })
    const sum = sums.get(currency) ?? { total: 0n, lines: 0n }
    sums.set(currency, { total: sum.total + total, lines: sum.lines + items })
  }
  await market.run(20 * minute)
  const rows = await own.db.rows<{ remote_id: string; currency: string; total: number; unit_price: number }>(
    'select o.remote_id, o.currency, o.total, l.unit_price from orders o join order_lines l on l.order_id = o.id',
  )
  expect(rows).toHaveLength(orderAmounts)
  for (const row of rows) {
    const { currency, total, unitPrice } = expected.get(row.remote_id)!
    expect([row.currency, BigInt(row.total), BigInt(row.unit_price)]).toEqual([currency, total, unitPrice])
  }
  const added = await own.db.rows<{ currency: string; total: string; lines: string }>(
    `select o.currency, sum(o.total)::text as total, sum(l.unit_price::numeric * l.quantity)::text as lines
     from orders o join order_lines l on l.order_id = o.id group by 1`,
  )
  expect(added).toHaveLength(sums.size)
  for (const row of added)
    expect({ total: BigInt(row.total), lines: BigInt(row.lines) }).toEqual(sums.get(row.currency))
  await checkMarket(market)
})

test('R24 the marketplace’s own amounts in yen, dinars and dollars', async () => {
  const item = (name: string, price: number, currency: string): CatalogItem => ({
    sku: name,
    title: name,
    asin: 'B0SIM00001',
    price,
    currency,
    amazon: { quantity: 100_000 },
  })
  market = await openMarket(own.db, {
    catalog: [item('YEN', 1_999, 'JPY'), item('DINAR', 12_345, 'KWD'), item('DOLLAR', 1_005, 'USD')],
  })
  for (const name of ['YEN', 'DINAR', 'DOLLAR']) await market.buy({ sku: name, quantity: 3 })
  await market.run(20 * minute)
  expect(await own.db.rows('select currency, total from orders order by currency')).toEqual([
    { currency: 'JPY', total: 5_997 },
    { currency: 'KWD', total: 37_035 },
    { currency: 'USD', total: 3_015 },
  ])
  await checkMarket(market)
})

test('R24 what is no amount in its currency is left out and shown, never rounded', async () => {
  market = await openMarket(own.db)
  for (const value of ['90071992547409.92', '12.345', '1e3', '12,50', '∞', '', '--1']) {
    const id = await market.buy()
    const changes = [{ at: '/proceeds/grandTotal/amount', value }]
    await market.fault({ operation: 'searchOrders', kind: 'rewrite', orderId: id, changes })
  }
  await market.run(20 * minute)
  const rows = await own.db.rows('select total, currency from orders')
  expect(rows).toEqual(Array.from({ length: 7 }, () => ({ total: null, currency: 'USD' })))
  expect((await openFindings(own.db, 'strange_field')).map((data) => data.field)).toEqual([
    'proceeds.grandTotal.amount',
  ])
  await checkStep(market)
})
