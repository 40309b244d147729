import { expect, test } from 'vitest'
import type { Account } from '../connector.ts'
import { amazon } from './index.ts'

/** Answers as Amazon does for a catalog of `total`: 20 a page, at most 1,000 a search, oldest first. */
function catalogOf(total: number): Account {
  const createdAt = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 60_000).toISOString()
  const http: Account['http'] = async ({ url }) => {
    const query = new URL(url).searchParams
    const first = query.get('createdAfter')
      ? Math.round((Date.parse(query.get('createdAfter')!) - Date.UTC(2026, 0, 1)) / 60_000)
      : 0
    const at = Number(query.get('pageToken') ?? 0)
    const window = Math.min(total - first, 1_000)
    const items = Array.from({ length: Math.min(20, window - at) }, (_, n) => ({
      sku: `SKU-${first + at + n}`,
      summaries: [
        { marketplaceId: 'ATVPDKIKX0DER', productType: 'MUG', status: [], createdDate: createdAt(first + at + n) },
      ],
    }))
    const json = {
      numberOfResults: window,
      items,
      ...(at + 20 < window ? { pagination: { nextToken: String(at + 20) } } : {}),
    }
    return { status: 200, headers: new Headers(), text: JSON.stringify(json), json }
  }
  const unused = async () => undefined
  return {
    id: 'a',
    name: 'a',
    settings: { sellerId: 'A1SELLER', region: 'na', marketplaceIds: ['ATVPDKIKX0DER'] },
    openedAt: new Date(0),
    secrets: unused,
    http,
    budget: { spend: unused, exhausted: async () => {}, learned: async () => {} },
    token: async () => 'token',
    dropToken: async () => {},
    now: () => new Date(0),
    newId: () => 'id',
  }
}

test.each([0, 20, 999, 1_000, 2_345])(
  'a catalog of %i is pulled whole, beyond what one search pages through',
  async (total) => {
    const account = catalogOf(total)
    const found = new Set<string>()
    let cursor: unknown = null
    for (let calls = 0; calls < 500; calls += 1) {
      const page = await amazon.listings!.pull(account, cursor)
      for (const item of page.items) found.add(item.remoteSku)
      cursor = page.next
      if (!page.more) break
    }
    expect(found.size).toBe(total)
    expect(cursor).toBeNull()
  },
)

test('a page token that is refused each time: some walks at once, then it is told; and tried anew when it is old', async () => {
  const plain = catalogOf(60)
  let now = 0
  const refusing: Account = {
    ...plain,
    now: () => new Date(now),
    http: async (request) =>
      new URL(request.url).searchParams.has('pageToken')
        ? { status: 400, headers: new Headers(), text: '{}', json: { errors: [{ code: 'InvalidInput' }] } }
        : await plain.http(request),
  }
  let cursor: unknown = null
  const walk = async () => {
    for (let calls = 1; calls < 50; calls += 1) {
      const page = await amazon.listings!.pull(refusing, cursor).catch(() => null)
      if (!page) return calls
      cursor = JSON.parse(JSON.stringify(page.next))
    }
    return 'it never ends'
  }
  expect(await walk()).toBe(8)
  expect(await walk()).toBe(1)
  now += 31 * 60_000
  expect(await walk()).toBe(3)
})

test('a listing whose form nobody knows tells nothing, and holds up none of those it was asked for with', async () => {
  const plain = catalogOf(0)
  const shown = (sku: unknown, quantity: unknown) => ({
    sku,
    fulfillmentAvailability: [{ fulfillmentChannelCode: 'DEFAULT', quantity }],
  })
  const answering = (items: unknown[]): Account => ({
    ...plain,
    http: async () => {
      const json = { numberOfResults: items.length, items }
      return { status: 200, headers: new Headers(), text: JSON.stringify(json), json }
    },
  })
  const read = async (items: unknown[]) => await amazon.stock!.read(answering(items), ['MUG', 'LAMP', 'GONE'])
  expect(await read([shown('MUG', 5), shown('LAMP', 'many')])).toEqual([
    { remoteSku: 'MUG', quantity: 5 },
    { remoteSku: 'LAMP', quantity: null, isUntold: true },
    { remoteSku: 'GONE', quantity: null },
  ])
  await expect(read([shown('MUG', 5), shown(7, 3)])).rejects.toMatchObject({ kind: 'unavailable' })
})
