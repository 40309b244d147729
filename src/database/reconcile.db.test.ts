/** What the database works out of a slot by itself is what the rules say. */
import { expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { printCount, publishingCases } from '../../test/support/iterations.ts'
import { seeded } from '../../test/support/world.ts'
import { type ShowSettings, wishOf } from '../domain/publishing.ts'
import { limitOf } from './reconcile.ts'

const own = useDatabase()

test('the most that a slot may show', async () => {
  const random = seeded(1)
  const upTo = (most: number) => Math.floor(random() * (most + 1))
  const maybe = (value: number) => (random() < 0.5 ? value : null)
  const cases = Array.from({ length: publishingCases }, () => ({
    available: upTo(60) - 5,
    perSale: 1 + upTo(3),
    rule: {
      safetyUnits: maybe(upTo(20)),
      safetyPercent: maybe(upTo(100)),
      cap: maybe(upTo(30)),
      minimum: maybe(upTo(5)),
      stopBelow: maybe(upTo(8)),
    } satisfies ShowSettings,
  }))
  const rows = await own.db.rows<{ shows: number }>(
    `select (${limitOf(true)})::int as shows
     from unnest($1::bigint[], $2::int[], $3::bigint[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[])
       with ordinality as s(atp, units_per_sale, show_safety_units, show_safety_percent, show_cap, show_minimum, show_stop_below, n),
       lateral (select s.atp as on_hand, 0 as unsellable, 0 as reserved, 0 as allocated, 0 as short) p order by s.n`,
    [
      cases.map((one) => one.available),
      cases.map((one) => one.perSale),
      cases.map((one) => one.rule.safetyUnits),
      cases.map((one) => one.rule.safetyPercent),
      cases.map((one) => one.rule.cap),
      cases.map((one) => one.rule.minimum),
      cases.map((one) => one.rule.stopBelow),
    ],
  )
  printCount('random stocks and rules in the database', cases.length)
  expect(rows.map((row) => row.shows)).toEqual(
    cases.map(({ available, perSale, rule }) => wishOf(Math.max(0, available), perSale, rule).shows),
  )
})
