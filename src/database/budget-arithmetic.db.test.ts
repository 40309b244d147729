/** The pure bucket of the rules that look ahead, and the SQL that pays, are one arithmetic. */
import { expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld } from '../../test/support/world.ts'
import {
  allowanceOf,
  type Bucket,
  emptied,
  fullBucket,
  nextCallAt,
  paid,
  tokensAt,
  withRate,
} from '../domain/budget.ts'
import { connectAccount } from '../operations/connect-account.ts'
import { allowance, type BucketRow, ensureBudgets, leasedBudget } from './budgets.ts'
import { acquireLease } from './leases.ts'

const database = useDatabase()
const steps = 300
const operation = 'arithmetic'

test.each([
  [5, 5],
  [0.0056, 20],
  [2, 1],
  [0.5, 2],
])('%d a second, %d at once: both agree after every step', async (rate, burst) => {
  const { db } = database
  const world = createWorld(db, { seed: burst })
  const accountId = await connectAccount(db, world.ctx, {
    channel: 'storefront',
    name: `Store ${rate} ${burst}`,
    stage: 'live',
    settings: { webhookUrl: 'https://store.example/hooks' },
    secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
  })
  const now = () => world.clock.now()
  await ensureBudgets(db, accountId, { [operation]: { rate, burst } }, now())
  const lease = (await acquireLease(db, world.ctx.leaseClock, accountId, 'test', 3_600_000_000))!
  let bucket: Bucket = fullBucket(rate, burst, now())
  // A new one each time: what was prepaid and not used is lost, as after a crash.
  const budget = () => leasedBudget(db, lease, now)

  for (let step = 0; step < steps; step += 1) {
    world.clock.advance(Math.floor((step % 7) * (step % 11) * (130 / rate)))
    switch (step % 6) {
      case 0:
      case 1: {
        const count = 1 + (step % 4)
        await budget().prepay(operation, count)
        bucket = paid(bucket, count, now()).bucket
        break
      }
      case 2:
      case 3: {
        const expected = allowanceOf(bucket, now()) >= 1 ? undefined : nextCallAt(bucket, now())
        const retryAt = await budget().spend(operation)
        expect(retryAt === undefined, `step ${step}`).toBe(expected === undefined)
        if (retryAt) expect(Math.abs(retryAt.getTime() - expected!.getTime())).toBeLessThanOrEqual(1)
        bucket = paid(bucket, 1, now()).bucket
        break
      }
      case 4:
        if (step % 5 === 0) {
          await budget().exhausted(operation)
          // The channel did not say why: half speed for a while.
          bucket = withRate(emptied(bucket, now()), bucket.rate / 2, now())
        }
        break
      default: {
        const other = rate * (step % 4 === 1 ? 0.5 : 1)
        await budget().learned(operation, other)
        bucket = withRate(bucket, other, now())
      }
    }
    const row = (await db.one<BucketRow>(
      'select operation, tokens, rate, burst, refilled_at from budgets where account_id = $1 and operation = $2',
      [accountId, operation],
    ))!
    expect(row.rate, `rate at step ${step}`).toBe(bucket.rate)
    const stored = { tokens: row.tokens, rate: row.rate, burst: row.burst, refilledAt: row.refilled_at }
    expect(tokensAt(stored, now()), `tokens at step ${step}`).toBeCloseTo(tokensAt(bucket, now()), 6)
    expect((await allowance(db, accountId, operation, now())).calls).toBe(allowanceOf(bucket, now()))
  }
})
