/**
 * Makes the catalog of an account's listings: what no variant stands for becomes one, what exists is linked, what is
 * ambiguous waits for a person. A page and how far the run is are saved together, so a restart goes on, and running it
 * again makes nothing twice.
 */
import { type AccountRow, findAccount } from '../database/accounts.ts'
import { advanceRun, beginRun, type CatalogRun, newestRun, takeRun } from '../database/catalog-runs.ts'
import type { Sql } from '../database/pool.ts'
import { countMatching, judged, type MatchItem, openSkus, openSkusNamed } from '../database/views/matching.ts'
import { type CatalogSoFar, type CatalogStep, nothingSoFar, planCatalog } from '../domain/catalog-plan.ts'
import type { Context } from './context.ts'
import { type CreateOutcome, createVariants } from './create-variants.ts'
import { linkByHand } from './match-listings.ts'

type Making = Pick<Context, 'clock' | 'newId' | 'registry'>

const skuAtMost = 200
/** Small enough that orders of these variants wait for milliseconds. */
const skusAtOnce = 200
/** A look holds nobody up. */
const skusAtOnceForALook = 2_000
/** Of each kind, so many are shown before the run. */
const samples = 20

export interface CatalogPreview {
  /** Remote SKUs that were looked at. */
  total: number
  products: number
  variants: number
  exists: number
  open: Record<Extract<CatalogStep, { kind: 'open' }>['why'], number>
  sample: {
    kind: CatalogStep['kind']
    remoteSku: string
    title: string | null
    sku: string | null
    product: string | null
  }[]
}

const stepsOf = (items: readonly MatchItem[], soFar: CatalogSoFar): CatalogStep[] =>
  planCatalog(
    items.map((one) => ({ ...one, isUndone: one.decision === 'unlinked' })),
    soFar,
  )

/** What a run would do now. Changes nothing. */
export async function previewCatalog(sql: Sql, account: Pick<AccountRow, 'id'>): Promise<CatalogPreview> {
  const preview: CatalogPreview = {
    total: 0,
    products: 0,
    variants: 0,
    exists: 0,
    open: { ambiguous: 0, undone: 0, unknown: 0, too_long: 0 },
    sample: [],
  }
  const soFar = nothingSoFar()
  const products = new Set<string>()
  const shown = { create: 0, exists: 0, open: 0 }
  for (let after = '', more = true; more; ) {
    const rows = await openSkus(sql, account.id, after, skusAtOnceForALook)
    const items = await judged(sql, rows)
    stepsOf(items, soFar).forEach((step, index) => {
      const item = items[index]!
      preview.total += 1
      if (step.kind === 'create') products.add(step.productKey)
      if (step.kind === 'create') preview.variants += 1
      if (step.kind === 'exists') preview.exists += 1
      if (step.kind === 'open') preview.open[step.why] += 1
      shown[step.kind] += 1
      if (shown[step.kind] > samples) return
      const sku = step.kind === 'open' ? null : step.sku
      preview.sample.push({
        kind: step.kind,
        remoteSku: step.remoteSku,
        title: item.title,
        sku,
        product: item.productTitle,
      })
    })
    more = rows.length === skusAtOnceForALook
    after = rows.at(-1)?.remoteSku ?? ''
  }
  preview.products = await freshProducts(sql, account.id, [...products])
  return preview
}

/** Products that were not made of this account before. */
async function freshProducts(sql: Sql, accountId: string, keys: readonly string[]): Promise<number> {
  const row = await sql.one<{ count: number }>(
    'select count(*) as count from product_sources where account_id = $1 and remote_id = any($2)',
    [accountId, keys],
  )
  return keys.length - row!.count
}

/** Asks for a run; one that is under way goes on. */
export async function askForCatalog(tx: Sql, ctx: Making, account: AccountRow, actor: string): Promise<void> {
  const { unmatched } = await countMatching(tx, account.id)
  await beginRun(tx, { id: ctx.newId(), accountId: account.id, total: unmatched, actor, now: ctx.clock.now() })
}

/** One page of a run that is under way. Answers whether there was any. */
export async function workOnCatalog(ctx: Context): Promise<boolean> {
  return await ctx.db.transaction(async (tx) => {
    const run = await takeRun(tx)
    if (!run) return false
    const now = ctx.clock.now()
    const account = (await findAccount(tx, run.accountId))!
    const rows = await openSkus(tx, run.accountId, run.after, skusAtOnce)
    const items = await judged(tx, rows)
    // What earlier pages made exists by now: the database knows it.
    const steps = stepsOf(items, nothingSoFar())
    const done = await carryOut(tx, ctx, account, items, steps)
    await advanceRun(tx, run.id, {
      ...done,
      after: rows.at(-1)?.remoteSku ?? run.after,
      done: rows.length,
      isLast: rows.length < skusAtOnce,
      now,
    })
    return true
  })
}

async function carryOut(
  tx: Sql,
  ctx: Making,
  account: AccountRow,
  items: readonly MatchItem[],
  steps: readonly CatalogStep[],
): Promise<{ products: number; variants: number; linked: number; leftOpen: number }> {
  const wishes = steps.flatMap((step, index) =>
    step.kind === 'create'
      ? [{ from: items[index]!, sku: step.sku, title: items[index]!.title ?? step.sku, gtin: items[index]!.gtin }]
      : [],
  )
  const { outcomes, products } = await createVariants(tx, ctx, account, wishes)
  const made = wishes.flatMap(({ from, sku }, index) =>
    outcomes[index] === 'created' ? [{ remoteSku: from.remoteSku, sku, unitsPerSale: 1 }] : [],
  )
  const existing = steps.flatMap((step) => (step.kind === 'exists' ? [step] : []))
  const linked = await linkByHand(tx, ctx, account, [...made, ...existing])
  const isLinked = (index: number) => linked[index] === 'new' || linked[index] === 'changed'
  return {
    products,
    variants: made.length,
    linked: existing.filter((_, index) => isLinked(made.length + index)).length,
    leftOpen: steps.filter((step) => step.kind === 'open').length + (wishes.length - made.length),
  }
}

/** How far the account's newest run is. */
export async function catalogRunOf(sql: Sql, accountId: string): Promise<CatalogRun | null> {
  return (await newestRun(sql, accountId)) ?? null
}

export interface VariantByHand {
  remoteSku: string
  sku?: string | undefined
  title?: string | undefined
  /** Null: none; undefined: as the channel says. */
  gtin?: string | null | undefined
}

/** Makes variants of single remote SKUs, as a person wants them, and links them. */
export async function createByHand(
  tx: Sql,
  ctx: Making,
  account: AccountRow,
  items: readonly VariantByHand[],
): Promise<(CreateOutcome | 'not_open')[]> {
  const skus = items.map((one) => one.remoteSku)
  const open = new Map((await openSkusNamed(tx, account.id, skus)).map((one) => [one.remoteSku, one]))
  const wishes = items.flatMap(({ remoteSku, sku, title, gtin }, index) => {
    const from = open.get(remoteSku)
    // Asked for twice: once is enough.
    if (!from || skus.indexOf(remoteSku) !== index) return []
    const name = sku ?? remoteSku.trim().slice(0, skuAtMost)
    const number = gtin === undefined ? from.gtin : gtin
    return [{ from, sku: name, title: title ?? from.title ?? name, gtin: number }]
  })
  const { outcomes } = await createVariants(tx, ctx, account, wishes)
  const made = wishes.filter((_, index) => outcomes[index] === 'created')
  const links = made.map(({ from, sku }) => ({ remoteSku: from.remoteSku, sku, unitsPerSale: 1 }))
  await linkByHand(tx, ctx, account, links)
  const outcomeOf = new Map(wishes.map(({ from }, index) => [from.remoteSku, outcomes[index]!]))
  return items.map((one) => outcomeOf.get(one.remoteSku) ?? 'not_open')
}
