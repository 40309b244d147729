/**
 * All slots against what they should show by the rules of this moment, and what it takes to send what differs. Stock, orders and
 * rules tell their slots in the transaction that changes them; this finds what nobody told: another version of the rules, a
 * table that was mended by hand, time that changed what slots need. It changes nothing unless it is asked to mend.
 */
import { type AccountRow, allAccounts } from '../database/accounts.ts'
import type { Mode } from '../database/claims.ts'
import { openCopy } from '../database/copy.ts'
import { lentAnywhere } from '../database/lent-sides.ts'
import { allRules } from '../database/publishing-rules.ts'
import {
  categoriesOf,
  kitSets,
  poolOf,
  type RestAccount,
  type RestOptions,
  type Shape,
  type SlotShape,
  shapesNotAtRest,
  skusOf,
  slotIdsOf,
  slotsOf,
  type Waiting,
  waitingByAccount,
} from '../database/reconcile.ts'
import { readSlots, type SlotRow } from '../database/slots.ts'
import { needOfNew } from '../domain/at-rest.ts'
import { fullBucket, inCalls } from '../domain/budget.ts'
import { unknownClaim } from '../domain/claims.ts'
import { planBulk } from '../domain/plan-bulk.ts'
import { type PublishingRule, ruleBook, type ShowSettings } from '../domain/publishing.ts'
import { refreshRules } from './apply-publishing-rules.ts'
import type { Context } from './context.ts'
import { delaysOf, planSlots, planVariant } from './plan-slots.ts'
import { callWay, pushBucket } from './push-ways.ts'

export type ReconcileContext = Pick<Context, 'db' | 'clock' | 'registry' | 'wake'>

export interface Reconciled {
  /** Variants that were planned anew; all others are right by a few numbers of theirs. */
  planned: number
  /** Slots that should show another number than they were told, or may send it sooner or later than they think. */
  differing: number
  /** Variants of such slots, some of them. */
  examples: string[]
  accounts: AccountPlan[]
}

/** What waits to be sent to an account, and how long that takes by calls. */
export interface AccountPlan extends Waiting {
  account: string
  calls: number
  /** Null: nothing to send, or no way to. */
  endsAt: Date | null
}

const examplesKept = 20
/** Their slots are locked together for some milliseconds. */
const mendedAtOnce = 100

export async function reconcileSlots(ctx: ReconcileContext, { mend }: { mend: boolean }): Promise<Reconciled> {
  const accounts = await allAccounts(ctx.db)
  const rules = await allRules(ctx.db)
  const judge = createJudge(ctx, accounts, rules)
  const wrong: string[] = []
  let planned = 0
  let differing = 0
  const note = (variantIds: readonly string[], count: number) => {
    planned += variantIds.length
    differing += count
    if (count > 0) wrong.push(...variantIds)
  }
  const session = await openCopy(ctx.db.url, 'read')
  try {
    for await (const shapes of shapesNotAtRest(session, optionsOf(ctx, accounts, rules)))
      for (const shape of shapes) note([shape.variantId], judge(shape))
  } finally {
    await session.close()
  }
  if (mend) for (const some of chunks(wrong, mendedAtOnce)) await mendSlots(ctx, some)
  const sets = await kitSets(ctx.db)
  const inSets = new Set(sets.flat())
  const lent = (await lentAnywhere(ctx.db)).filter((id) => !inSets.has(id)).map((id) => [id])
  for (const set of [...sets, ...lent]) {
    const count = await differingOf(ctx, set, rules)
    note(set, count)
    // As a whole, as it was compared.
    if (mend && count > 0) await mendSlots(ctx, set)
  }
  if (mend && wrong.length > 0) ctx.wake()
  const examples = await skusOf(ctx.db, wrong.slice(0, examplesKept))
  return { planned, differing, examples, accounts: await plansOf(ctx, accounts) }
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  )
}

async function mendSlots(ctx: ReconcileContext, variantIds: readonly string[]): Promise<void> {
  await ctx.db.transaction(async (tx) => refreshRules(tx, ctx, await slotIdsOf(tx, variantIds), ctx.clock.now()))
}

function optionsOf(
  ctx: ReconcileContext,
  accounts: readonly AccountRow[],
  rules: readonly PublishingRule[],
): RestOptions {
  const categories = [...new Set(rules.flatMap((rule) => rule.category ?? []))]
  const book = ruleBook(rules.filter((rule) => rule.variantId === null))
  const settingsOf = ({ id, channel }: AccountRow, category: string | null) => ({
    category,
    shows: book.of({ accountId: id, channel, variantId: '', category }).settings,
  })
  return {
    hasVariantRules: rules.some((rule) => rule.variantId !== null),
    categories,
    accounts: accounts.map((account): RestAccount => {
      const { refillHours } = delaysOf(ctx, account.channel)
      return {
        id: account.id,
        isOurs: account.stage === 'live' || account.stage === 'paused',
        isPlaying: account.stage === 'live' && account.halted_code === null,
        refillHours,
        newNeed: needOfNew(refillHours),
        settings: [null, ...categories].map((category) => settingsOf(account, category)),
      }
    }),
  }
}

/** Counts the slots of a variant that planning would change. Variants that are alike are planned once. */
function createJudge(ctx: ReconcileContext, accounts: readonly AccountRow[], rules: readonly PublishingRule[]) {
  const byId = new Map(accounts.map((account) => [account.id, account]))
  const book = ruleBook(rules)
  const ruled = new Set(rules.flatMap((rule) => rule.variantId ?? []))
  const known = new Map<string, number>()
  const now = ctx.clock.now()

  const differing = (shape: Shape): number => {
    const { variantId } = shape
    const { available, claimed, unknownClaims, mode, category } = poolOf(shape)
    const outdated = new Set<number>()
    const rows = slotsOf(shape).map((slot, index): SlotRow => {
      const account = byId.get(slot.accountId)!
      const shows = book.of({ accountId: account.id, channel: account.channel, variantId, category }).settings
      if (!isSame(listOf(slot.shows), listOf(shows))) outdated.add(index)
      return rowOf(slot, account, { id: String(index), variantId, shows, now })
    })
    const level = {
      variantId,
      available,
      claimed: unknownClaims > 0 ? Number.POSITIVE_INFINITY : claimed,
      mode: mode as Mode,
      isLent: false,
      // Nothing is told from here.
      isNews: false,
    }
    const planned = planVariant(ctx, rows, level, now)
    return rows.filter((row, index) => outdated.has(index) || isOther(row, planned[index]!)).length
  }
  return (shape: Shape): number => {
    // Demand is different everywhere, and a rule of its own is nobody else's.
    if (ruled.has(shape.variantId) || shape.slots.includes('"units"')) return differing(shape)
    const key = `${shape.pool}\n${shape.slots}`
    let count = known.get(key)
    if (count === undefined) {
      count = differing(shape)
      if (known.size < shapesKept) known.set(key, count)
    }
    return count
  }
}

/** So many kinds of variants are remembered: some megabytes. */
const shapesKept = 50_000

/** The slot as it stands, but for what no plan asks. */
function rowOf(
  shape: SlotShape,
  account: AccountRow,
  { id, variantId, shows, now }: { id: string; variantId: string; shows: ShowSettings; now: Date },
): SlotRow {
  const { wish, waits, live, confirmed, claim, claimState, demand, unitsPerSale, merchantFulfilled } = shape
  return {
    id,
    accountId: account.id,
    region: account.region,
    remoteSku: '',
    variantId,
    unitsPerSale,
    merchantFulfilled,
    rule: shows,
    problemCode: null,
    problemAt: null,
    lag: account.lag,
    suspicion: null,
    store: null,
    demand: demand as SlotRow['demand'],
    reason: null,
    waits,
    // A line of a feed is its live write.
    feedId: null,
    channel: account.channel,
    stage: account.stage,
    isHalted: account.halted_code !== null,
    wish,
    live: live === null ? null : { value: live, version: 0, expected: null, sentAt: now, acceptedAt: null, sales: 0 },
    claim: { ...unknownClaim, ...claimState, claim },
    confirmed: confirmed === null ? null : { value: confirmed, at: now, version: 0 },
    holdUntil: null,
    version: 0,
    readDueAt: null,
    retryAt: null,
  }
}

const isOther = (row: SlotRow, planned: SlotRow) => planned.wish !== row.wish || planned.waits !== row.waits

const listOf = ({ safetyUnits, safetyPercent, cap, minimum, stopBelow }: ShowSettings) => [
  safetyUnits,
  safetyPercent,
  cap,
  minimum,
  stopBelow,
]
const isSame = (some: readonly (number | null)[], others: readonly (number | null)[]) =>
  some.every((one, index) => one === others[index])

/** Counts the slots of a set of kits and parts that planning would change. */
async function differingOf(
  ctx: ReconcileContext,
  variantIds: readonly string[],
  rules: readonly PublishingRule[],
): Promise<number> {
  const book = ruleBook(rules)
  return await ctx.db.transaction(async (tx) => {
    await tx.run('set transaction isolation level repeatable read, read only')
    const slots = await readSlots(tx, variantIds)
    const categories = await categoriesOf(tx, variantIds)
    const ruled = slots.map((slot) => {
      const category = categories.get(slot.variantId ?? '') ?? null
      const { accountId, channel } = slot
      return { ...slot, rule: book.of({ accountId, channel, variantId: slot.variantId ?? '', category }).settings }
    })
    const planned = await planSlots(tx, ctx, ruled, ctx.clock.now())
    return slots.filter(
      (slot, index) => isOther(slot, planned[index]!) || !isSame(listOf(slot.rule), listOf(ruled[index]!.rule)),
    ).length
  })
}

/** How long it takes to send what differs, by calls alone. */
async function plansOf(ctx: ReconcileContext, accounts: readonly AccountRow[]): Promise<AccountPlan[]> {
  const waiting = new Map((await waitingByAccount(ctx.db)).map((one) => [one.accountId, one]))
  const now = ctx.clock.now()
  return await Promise.all(
    accounts.map(async (account): Promise<AccountPlan> => {
      const counts = waiting.get(account.id) ?? { accountId: account.id, due: 0, soldOut: 0, waiting: 0 }
      const plan = { ...counts, account: account.name, calls: 0, endsAt: null }
      const connector = ctx.registry.get(account.channel)
      if (!connector?.stock || counts.due === 0 || account.stage !== 'live') return plan
      const { pushOperation, pushPoints = 1 } = connector.stock
      const { rate, burst } = connector.limits[pushOperation]!
      const bucket =
        (await pushBucket(ctx.db, account.id, connector.stock)) ?? inCalls(fullBucket(rate, burst, now), pushPoints)
      const way = callWay(connector.stock, bucket)
      const bulk = planBulk(counts.due, { calls: [way] }, now)
      return bulk ? { ...plan, calls: bulk.calls, endsAt: bulk.end.to } : plan
    }),
  )
}
