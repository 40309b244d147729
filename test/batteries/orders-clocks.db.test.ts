/** R20: clocks that are wrong, time zones, and the days on which local time jumps. */
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import { openDatabase } from '../../src/database/pool.ts'
import { createFromTemplate, dropDatabase, useDatabase } from '../support/database.ts'
import { patienceMs, printCount, skewedHours, timeZones } from '../support/iterations.ts'
import { checkMarket, hour, type Market, minute, openMarket } from '../support/market.ts'
import { seeded } from '../support/world.ts'

vi.setConfig({ testTimeout: patienceMs })
const own = useDatabase()
let market: Market | undefined
afterEach(async () => {
  await market?.close()
  market = undefined
})

test.each([
  { what: '15 minutes fast', skewMs: 15 * minute, date: 0 },
  { what: '15 minutes slow', skewMs: -15 * minute, date: 0 },
  { what: 'right, and Amazon’s Date header a day off', skewMs: 0, date: 24 * hour },
  { what: 'fast, and Amazon’s Date header hours behind', skewMs: 15 * minute, date: -5 * hour },
])('R20 the hub’s clock is $what: every order is here, as soon as ever', async ({ skewMs, date }) => {
  market = await openMarket(own.db, { skewMs, history: { orders: 120, days: 1 } })
  if (date !== 0) await market.fault({ operation: '*', kind: 'wrong-date', delayMs: date })
  const random = seeded(20)
  const waiting = new Map<string, number>()
  let slowest = 0
  const open: string[] = []
  for (let now = 0; now < skewedHours * hour; now += 3 * minute) {
    if (random() < 0.5) {
      const id = await market.buy({ quantity: 1 + Math.floor(random() * 3) })
      waiting.set(id, now)
      open.push(id)
    }
    if (random() < 0.2 && open.length > 3) await market.change(open.shift()!, random() < 0.5 ? 'cancel' : 'ship')
    await market.run(3 * minute, 3 * minute)
    for (const { remote_id } of await own.db.rows<{ remote_id: string }>('select remote_id from orders')) {
      if (!waiting.has(remote_id)) continue
      slowest = Math.max(slowest, now + 3 * minute - waiting.get(remote_id)!)
      waiting.delete(remote_id)
    }
  }
  await market.run(15 * minute)
  await checkMarket(market)
  // A minute of the marketplace's own lag, two behind its mark of time, and the next turn.
  expect(slowest).toBeLessThanOrEqual(9 * minute)
})

test('R20 the zone of the machine and of the database makes no difference, over summer time, leap day and new year', async () => {
  printCount('R20 time zones', timeZones.length)
  const livedIn = async (zone: string) => {
    const name = `zone_${randomBytes(6).toString('hex')}`
    const url = await createFromTemplate(name)
    try {
      const db = openDatabase(url, { max: 1 })
      await db.run(`alter database ${name} set timezone = '${zone}'`)
      await db.close()
      const child = `${import.meta.dirname}/../support/zone-child.ts`
      const { stdout } = await promisify(execFile)(process.execPath, [child, url], {
        env: { ...process.env, TZ: zone },
        maxBuffer: 64 * 1024 * 1024,
      })
      const { told, offset } = JSON.parse(stdout) as { offset: number; told: unknown[][] }
      const hash = createHash('sha256').update(JSON.stringify(told)).digest('hex')
      return { offset, hash, rows: told.flat().length }
    } finally {
      await dropDatabase(name)
    }
  }
  const all = await Promise.all(timeZones.map(livedIn))
  // The children did live in their zones: otherwise they would agree for nothing.
  expect(new Set(all.map((one) => one.offset)).size).toBeGreaterThan(2)
  expect(all.every((one) => one.rows > 300)).toBe(true)
  expect(new Set(all.map((one) => one.hash)).size).toBe(1)
})
