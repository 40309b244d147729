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
