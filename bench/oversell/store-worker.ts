/** The other side of `store.ts`: a connection, the product's operations, and nothing else. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { Connector } from '../../src/channels/connector.ts'
import { countClaims } from '../../src/database/claims.ts'
import { openDatabase, type Sql } from '../../src/database/pool.ts'
import { lockSlots, readSlots, type SlotRow, saveSlots } from '../../src/database/slots.ts'
import { expectedValue } from '../../src/domain/slots.ts'
import { type FactContext, saveAndPlan } from '../../src/operations/plan-slots.ts'
import { channels, world } from './assumptions.ts'
import type { Question, Reply, Send, StoredSlot, StoredVariant, StoreSetup } from './store.ts'

const { setup, port, flag } = workerData as {
  setup: StoreSetup
  port: MessagePort
  flag: Int32Array<SharedArrayBuffer>
}
const db = openDatabase(setup.url, { max: 1 })

/** The channels, as far as planning asks: the two delays that it makes of these are the ones given. */
const ctx: FactContext = {
  newId: () => {
    throw new Error('nobody lends here, so nothing is told')
  },
  registry: new Map(
    channels.map(({ name, isCompareAndSet }, index) => {
      const { refillMs, darkMs } = setup.delays[index]!
      const delays = { effectMs: 2 * refillMs - darkMs, salesKnownMs: 2 * (darkMs - refillMs) }
      const connector = {
        channel: name,
        quantityWrites: isCompareAndSet ? 'compare-and-set' : 'absolute',
        ...(isCompareAndSet ? { ordersKnownAtOnce: true } : {}),
        stock: { delays, marginMs: world.margin },
      }
      return [name, connector as unknown as Connector]
    }),
  ),
}

const idOf = (kind: number, index: number) => `0190000${kind}-0000-7000-8000-${index.toString(16).padStart(12, '0')}`

async function fill(tx: Sql): Promise<void> {
  const at = new Date(0)
  const product = idOf(0, 0)
  await tx.run('insert into products (id, title, created_at) values ($1, $2, $3)', [product, 'Goods', at])
  const numbers = Array.from({ length: world.variants }, (_, variant) => variant)
  const ids = numbers.map((variant) => idOf(1, variant))
  await tx.run(
    'insert into variants (id, product_id, sku, title, created_at) select id, $2, id::text, $3, $4 from unnest($1::uuid[]) as t(id)',
    [ids, product, 'Goods', at],
  )
  await tx.run(
    'insert into pool_levels (variant_id, on_hand, unsellable, reserved, allocated, short) select id, 0, 0, 0, 0, 0 from unnest($1::uuid[]) as t(id)',
    [ids],
  )
  for (const [index, { name }] of channels.entries()) {
    const account = idOf(2, index)
    await tx.run(
      `insert into accounts (id, channel, name, stage, region, settings, opened_at, created_at) values ($1, $2, $2, 'live', '', '{}', $3, $3)`,
      [account, name, at],
    )
    await tx.run(
      `insert into stock_slots (id, account_id, region, remote_sku, variant_id, units_per_sale, merchant_fulfilled, wish, confirmed_value, confirmed_at, claim)
       select slot, $1, '', slot::text, variant, 1, true, 0, 0, $4, 0 from unnest($2::uuid[], $3::uuid[]) as t(slot, variant)`,
      [account, numbers.map((variant) => idOf(3, variant * channels.length + index)), ids, at],
    )
  }
}

function rowOf(row: SlotRow, { claim, shown, version, demand }: StoredSlot, at: Date): SlotRow {
  if (claim.live) {
    const { expected } = claim.live
    const live = { value: shown ?? 0, version, expected, sentAt: at, acceptedAt: null, sales: 0 }
    return { ...row, claim, version, demand, live }
  }
  const confirmed = shown === null ? null : { value: shown, at, version }
  return { ...row, claim, version, demand, live: null, confirmed }
}

async function locked(tx: Sql, { variant, available }: StoredVariant): Promise<SlotRow[]> {
  const id = idOf(1, variant)
  const units = [Math.max(0, available), Math.max(0, -available)]
  await tx.run(
    'update pool_levels set on_hand = $2, short = $3, uncovered = greatest(0, claimed - $2) where variant_id = $1',
    [id, ...units],
  )
  return await lockSlots(tx, { variantIds: [id] })
}

async function decide(state: StoredVariant): Promise<readonly Send[]> {
  return await db.transaction(async (tx) => {
    const at = new Date(state.now)
    const before = await locked(tx, state)
    const after = before.map((row, index) => rowOf(row, state.slots[index]!, at))
    await saveAndPlan(tx, ctx, before, after, at)
    return (await readSlots(tx, [idOf(1, state.variant)])).map(sendOf)
  })
}

/** As the pump sees it. */
function sendOf(row: SlotRow): Send {
  const isOpen = row.wish !== expectedValue(row) || row.reason === 'alarm'
  if (!isOpen || row.waits) return null
  const { quantityWrites } = ctx.registry.get(row.channel)!
  return { value: row.wish!, expected: quantityWrites === 'compare-and-set' ? (row.confirmed?.value ?? null) : null }
}

async function sent(state: StoredVariant): Promise<void> {
  await db.transaction(async (tx) => {
    const at = new Date(state.now)
    const rows = await locked(tx, state)
    const after = rows.map((row, index) => rowOf(row, state.slots[index]!, at))
    await saveSlots(
      tx,
      after.filter((row, index) => row.version !== rows[index]!.version),
      at,
    )
    await countClaims(tx, [idOf(1, state.variant)], 'send')
  })
}

async function answer(question: Question): Promise<Reply> {
  try {
    if (question.kind === 'decide') return { sends: await decide(question.state) }
    if (question.kind === 'sent') await sent(question.state)
    else await db.close()
    return { sends: [] }
  } catch (error) {
    return { error: (error as Error).stack ?? String(error) }
  }
}

port.on('message', async (question: Question) => {
  port.postMessage(await answer(question))
  Atomics.store(flag, 0, 1)
  Atomics.notify(flag, 0)
})

await db.transaction(fill)
parentPort!.postMessage('ready')
