/** A listing in a form that cannot be read hides no other one, and waits for a person until it can be read. */
import { expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { openMarketplaces } from '../../test/support/marketplaces.ts'
import { createWorld, workFor } from '../../test/support/world.ts'
import { connectAccount } from './connect-account.ts'
import { pullListings } from './pull-listings.ts'

const own = useDatabase()
const day = 86_400_000

test('one odd listing: the others are taken, it is shown, and over once it was not seen for a day', async () => {
  const item = { title: 'Mug', price: 1_490, currency: 'USD', amazon: { quantity: 5 } }
  const markets = await openMarketplaces(
    ['ONE', 'TWO', 'THREE'].map((sku, n) => ({ ...item, sku, asin: `B0SIM0000${n}` })),
    { amazon: { limits: 'none' } },
  )
  let odd = true
  const fetched: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init)
    if (!odd || !String(input).includes('/listings/')) return answer
    const body = (await answer.json()) as { items: { sku: string; offers: unknown }[] }
    for (const one of body.items) if (one.sku === 'TWO') one.offers = 'odd'
    return Response.json(body)
  }
  try {
    const account = markets.account('amazon')
    const { ctx } = createWorld(own.db, { seed: 1, now: () => markets.sim.now(), fetch: fetched })
    await own.db.transaction(async (tx) => {
      const secrets = await account.secrets()
      await connectAccount(tx, ctx, {
        channel: 'amazon',
        name: 'Amazon',
        stage: 'live',
        settings: account.settings as Record<string, unknown>,
        secrets: secrets as Record<string, string>,
      })
    })
    const work = await workFor(ctx, 'Amazon', 'test', 10 * day)
    const pullAll = async () => {
      let last = await pullListings(ctx, work)
      while (last.more) last = await pullListings(ctx, work)
      expect(last.notBefore).toBeNull()
    }
    const open = async () =>
      await own.db.rows(`select data from findings where code = 'listing_unreadable' and resolved_at is null`)
    const known = async () =>
      (await own.db.rows<{ sku: string }>('select remote_sku as sku from listings order by 1')).map(({ sku }) => sku)
    await pullAll()
    expect(await known()).toEqual(['ONE', 'THREE'])
    const told = [{ data: { account: 'Amazon', sku: 'TWO', where: 'offers' } }]
    expect(await open()).toEqual(told)
    await markets.pass(day / 2)
    await pullAll()
    expect(await open()).toEqual(told)
    odd = false
    await markets.pass(day + 1)
    await pullAll()
    expect([await known(), await open()]).toEqual([['ONE', 'THREE', 'TWO'], []])
  } finally {
    await markets.close()
  }
})
