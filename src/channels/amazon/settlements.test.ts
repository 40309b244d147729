import { expect, test } from 'vitest'
import type { Account } from '../connector.ts'
import { amazon } from './index.ts'

test('a token of a further page that is refused each time ends the listing until the next one is due', async () => {
  const unused = async () => undefined
  const asked: string[] = []
  const answer = (status: number, json: unknown) => ({
    status,
    headers: new Headers(),
    text: JSON.stringify(json),
    json,
  })
  const account: Account = {
    id: 'a',
    name: 'a',
    settings: { sellerId: 'A1SELLER', region: 'na', marketplaceIds: ['ATVPDKIKX0DER'] },
    openedAt: new Date(0),
    secrets: unused,
    http: async ({ url }) => {
      const query = new URL(url).searchParams
      asked.push(query.has('nextToken') ? 'further' : 'first')
      return query.has('nextToken')
        ? answer(400, { errors: [{ code: 'InvalidInput' }] })
        : answer(200, { reports: [], nextToken: 'next' })
    },
    budget: { spend: unused, exhausted: async () => {}, learned: async () => {} },
    token: async () => 'token',
    dropToken: async () => {},
    now: () => new Date(0),
    newId: () => 'id',
  }
  let cursor: unknown = null
  for (let more = true; more; ) {
    const page = await amazon.settlements!.pull(account, cursor)
    cursor = JSON.parse(JSON.stringify(page.next))
    more = page.more
    expect(asked.length).toBeLessThan(10)
  }
  expect(asked).toEqual(['first', 'further'])
})
