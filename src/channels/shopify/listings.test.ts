/** The walk over the listings, where the store refuses a page. */
import { expect, test } from 'vitest'
import { shopBench } from '../../../test/support/shopify.ts'
import type { Account } from '../connector.ts'
import { pullListings } from './listings.ts'

const skus = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`SKU-${index}`, 1]))

/** Refuses the pages behind the first as long as it is told to. */
function refusing(isOdd: () => boolean) {
  const bench = shopBench({ skus, points: 'none' })
  const plain = bench.account({ budget: false })
  const http: Account['http'] = async (request) => {
    const { after } = JSON.parse(request.body?.startsWith('{') ? request.body : '{}').variables ?? {}
    if (request.operation !== 'listings' || !after || !isOdd()) return await plain.http(request)
    const json = { errors: [{ message: 'odd', extensions: { code: 'UNDEFINED_SOMETHING' } }] }
    return { status: 200, headers: new Headers(), text: '', json }
  }
  let cursor: unknown = null
  const goOn = async () => {
    const page = await pullListings({ ...plain, http }, JSON.parse(JSON.stringify(cursor)))
    cursor = page.next
    return page
  }
  return { bench, goOn }
}

test('a second page that is always refused is told in the end, and asked for anew now and then', async () => {
  let isOdd = true
  const { bench, goOn } = refusing(() => isOdd)
  const untilRefused = async () => {
    for (let pulls = 1; ; pulls += 1) {
      const error = await goOn().then(() => undefined, String)
      if (error !== undefined || pulls > 50) return pulls
    }
  }
  expect(await untilRefused()).toBe(12)
  expect(await untilRefused()).toBe(1)
  await bench.pass(1_800)
  expect(await untilRefused()).toBe(3)
  await bench.pass(1_800)
  isOdd = false
  const told = new Set<string>()
  for (let more = true; more; ) {
    const page = await goOn()
    for (const { remoteSku } of page.items) told.add(remoteSku)
    more = page.more
  }
  expect(told.size).toBeGreaterThan(300)
  // The next walk has all of its tries again.
  isOdd = true
  expect(await untilRefused()).toBe(12)
})

test('a page that is refused once begins the walk anew, and all is told', async () => {
  let refusals = 1
  const { goOn } = refusing(() => refusals-- > 0)
  const told = new Set<string>()
  for (let more = true; more; ) {
    const page = await goOn()
    for (const { remoteSku } of page.items) told.add(remoteSku)
    more = page.more
  }
  expect(told.size).toBe(600)
})
