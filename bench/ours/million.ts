/** A large catalog on four accounts, at rest by the project's own rules. Written set-based: how it got there is not measured. */
import { allAccounts } from '../../src/database/accounts.ts'
import { type CopySession, literal, openCopy, quoted, tablesOf } from '../../src/database/copy.ts'
import { setAsideConstraints } from '../../src/database/load.ts'
import { openDatabase, type Sql } from '../../src/database/pool.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { Context } from '../../src/operations/context.ts'
import { addLocation } from '../../src/operations/manage-catalog.ts'
import { reconcileSlots } from '../../src/operations/reconcile-slots.ts'
import { webhookSecret } from './catalog.ts'

export const shopSkuOf = (index: number): string => `SKU-${String(index).padStart(7, '0')}`

const to = 'http://127.0.0.1:9'

async function connectAll(tx: Sql, ctx: Context): Promise<void> {
  await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
  for (const [region, marketplace] of [
    ['na', 'ATVPDKIKX0DER'],
    ['eu', 'A1PA6795UKMFR9'],
    ['fe', 'A1VC38T7YXB528'],
  ] as const)
    await connectAccount(tx, ctx, {
      channel: 'amazon',
      name: `Amazon ${region}`,
      stage: 'live',
      settings: {
        sellerId: 'A1BENCH',
        region,
        marketplaceIds: [marketplace],
        endpoint: `${to}/amazon`,
        tokenEndpoint: `${to}/lwa/auth/o2/token`,
        historyDays: 7,
      },
      secrets: { clientId: 'client', clientSecret: 'secret', refreshToken: 'refresh' },
    })
  await connectAccount(tx, ctx, {
    channel: 'storefront',
    name: 'Store',
    stage: 'live',
    settings: { webhookUrl: `${to}/storefront`, sameNetwork: true },
    secrets: { webhookSecret },
  })
}

const hex = (n: string) => `lpad(to_hex(${n}), 12, '0')`
const variantId = (n: string) => `('01900000-0000-7000-8000-' || ${hex(n)})::uuid`
const slotId = (n: string, account: number) => `('01900000-0000-7000-800${account + 1}-' || ${hex(n)})::uuid`
const skuText = (n: string) => `'SKU-' || lpad((${n})::text, 7, '0')`
/** From 0 to 1, the same every time. */
const chance = (salt: number) => `((hashint8extended(n, ${salt}) & 1048575) / 1048576.0)::float8`
/** A fifth sold out, one in seven scarce, the rest up to some hundred. */
const units = `(case when ${chance(1)} < 0.2 then 0 when ${chance(1)} < 0.345 then 1 + floor(${chance(2)} * 11)
  else 12 + floor(${chance(2)} * ${chance(3)} * 500) end)::bigint`
const share = 'units / 5'
/** Four slots in ten that can sell did so. */
const demand = (salt: number) => `case when units > 0 and ${chance(salt)} < 0.4 then jsonb_build_object(
  'units', 0.5 + floor(${chance(salt + 1)} * 30), 'hours', 24 + ${chance(salt + 2)} * 2000, 'sales', floor(${chance(salt + 1)} * 28), 'several',
  floor(${chance(salt + 3)} * 3), 'at', $1::bigint) end`

/** So many variants are put at rest by the rules; the others are as they are. */
const pattern = 10_000

/** `variants`: a multiple of the pattern. */
export async function fillMillion(ctx: Context, variants: number, note: (line: string) => void): Promise<void> {
  await ctx.db.transaction((tx) => connectAll(tx, ctx))
  await inSession(ctx, (session) => fillPattern(session, ctx))
  note(`${pattern} variants at rest after ${await putAtRest(ctx, note)} rounds`)
  await inSession(ctx, async (session) => {
    const aside = await setAsideConstraints(session)
    await multiply(session, variants / pattern)
    for (const text of aside) await session.run(text)
  })
  const db = openDatabase(ctx.db.url, { max: 1, queryTimeoutMs: 600_000 })
  await db.run('vacuum analyze')
  await db.close()
  note(`${variants} variants`)
}

async function inSession(ctx: Context, work: (session: CopySession) => Promise<void>): Promise<void> {
  const session = await openCopy(ctx.db.url, 'write')
  try {
    await work(session)
    await session.commit()
  } finally {
    await session.close()
  }
}

async function fillPattern(session: Sql, ctx: Context): Promise<void> {
  const accounts = await allAccounts(ctx.db)
  const now = ctx.clock.now()
  const product = ctx.newId()
  await session.run('insert into products (id, title, created_at) values ($1, $2, $3)', [product, 'Goods', now])
  await session.run(
    `create temp table goods as select n, ${variantId('n')} as id, ${units} as units from generate_series(0, ${pattern - 1}) n`,
  )
  await session.run(
    `insert into variants (id, product_id, sku, title, created_at) select id, $1, ${skuText('n')}, 'Mug', $2 from goods`,
    [product, now],
  )
  await session.run(
    `insert into pool_levels (variant_id, on_hand, unsellable, reserved, allocated, short, claimed) select id, units, 0, 0, 0, 0, units from goods`,
  )
  await session.run(
    `insert into stock_levels (variant_id, location_id, on_hand, unsellable, allocated) select g.id, l.id, units, 0, 0 from goods g, locations l`,
  )
  for (const [index, account] of accounts.entries()) {
    const shown = account.channel === 'storefront' ? `units - ${accounts.length - 1} * (${share})` : share
    await session.run(
      `insert into stock_slots (id, account_id, region, remote_sku, variant_id, units_per_sale, merchant_fulfilled, wish, wish_at, confirmed_value,
         confirmed_version, confirmed_at, claim, reason, demand)
       select ${slotId('n', index)}, $2, $3, ${skuText('n')}, id, 1, true, ${shown}, $4, ${shown}, 0, $4, ${shown}, 'share', ${demand(10 * (index + 1))}
       from goods`,
      [now.getTime(), account.id, account.region, now],
    )
  }
}

/** Copies of the pattern, with ids and SKUs of their own; slots as listings are pulled, one account after the other. */
async function multiply(session: CopySession, times: number): Promise<void> {
  const tables = new Map((await tablesOf(session)).map((table) => [table.name, table]))
  await session.run(`create temp table places as select id, substr(sku, 5)::bigint as n from variants`)
  const place = `(g.n + k * ${pattern})`
  const copy = async (name: string, byVariant: string, own: Record<string, string>, order: string, only = 'true') => {
    const { columns } = tables.get(name)!
    const values = columns.map((column) => own[column] ?? `t.${quoted(column)}`)
    await session.run(
      `insert into ${name} (${columns.map(quoted).join(', ')}) select ${values.join(', ')}
       from ${name} t join places g on g.id = t.${byVariant}, generate_series(1, ${times - 1}) k where ${only} order by ${order}`,
    )
  }
  const variant = variantId(place)
  await copy('variants', 'id', { id: variant, sku: skuText(place) }, 'k, g.n')
  await copy('pool_levels', 'variant_id', { variant_id: variant }, 'k, g.n')
  await copy('stock_levels', 'variant_id', { variant_id: variant }, 'k, g.n')
  for (const [index, account] of (await allAccounts(session)).entries()) {
    const own = { id: slotId(place, index), variant_id: variant, remote_sku: skuText(place) }
    await copy('stock_slots', 'variant_id', own, 'k, g.n', `t.account_id = ${literal(account.id)}`)
  }
}

/** Channels take what they are told until the rules want nothing else. Answers how many rounds it took. */
export async function putAtRest(ctx: Context, note: (line: string) => void): Promise<number> {
  const db = openDatabase(ctx.db.url, { max: 1, queryTimeoutMs: 600_000 })
  try {
    for (let round = 1; ; round += 1) {
      const { planned, differing } = await reconcileSlots(ctx, { mend: true })
      const taken = await takeAll(db)
      note(`${planned} planned, ${differing} differ, ${taken} are taken`)
      if (differing === 0 && taken === 0) return round
      if (round > 30) throw new Error('the rules come to no rest')
    }
  } finally {
    await db.close()
  }
}

/** What may leave arrives, and its claim is proven at once. */
async function takeAll(db: Sql): Promise<number> {
  const changed = await db.rows<{ id: string }>(
    `update stock_slots set confirmed_value = wish, claim = wish where dirty and not waits returning variant_id as id`,
  )
  await db.run(
    `update pool_levels p set claimed = t.claimed, uncovered = greatest(0, t.claimed - p.on_hand + p.reserved + p.allocated)
     from (select variant_id, sum(claim)::bigint as claimed from stock_slots where variant_id = any($1::uuid[]) group by variant_id) t
     where p.variant_id = t.variant_id`,
    [[...new Set(changed.map((one) => one.id))]],
  )
  return changed.length
}
