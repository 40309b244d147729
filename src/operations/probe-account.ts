/**
 * Holds what the guarantee takes for granted of a channel against an account's own history. Reads what is stored; asks the
 * channel for readings only where a person wants it; writes nothing to it, ever.
 */
import type { AccountRow } from '../database/accounts.ts'
import { askForReadings, probedCalls, probedSales, probedSlots, probedWrites } from '../database/views/probes.ts'
import { type ProbeReport, probe, type Reading, type SlotHistory } from '../domain/probes.ts'
import { strayLifeMs } from '../domain/slots.ts'
import type { Context } from './context.ts'
import { timesOf } from './plan-slots.ts'
import { type OnceOptions, readOnce } from './work-once.ts'

export interface Probed extends ProbeReport {
  account: string
  days: number
  slots: number
  readings: number
  writes: number
  sales: number
  /** Slots that were read for this. */
  readNow: number
}

export interface ProbeOptions {
  days: number
  /** Read slots now that sold something since they were read. */
  read?: OnceOptions | undefined
}

const dayMs = 86_400_000
const callsAtMost = 20_000
const readAtMost = 100
const skewMs = 2_000

export async function probeAccount(ctx: Context, account: AccountRow, { days, read }: ProbeOptions): Promise<Probed> {
  const readNow = read ? await readSome(ctx, account, read) : 0
  const since = new Date(ctx.clock.now().getTime() - days * dayMs)
  const histories = await historiesOf(ctx, account, since)
  const sum = (of: (one: SlotHistory) => readonly unknown[]) =>
    histories.reduce((total, one) => total + of(one).length, 0)
  const { marginMs } = timesOf(ctx, account, ctx.clock.now())
  return {
    account: account.name,
    days,
    slots: histories.length,
    readings: sum((one) => one.readings),
    writes: sum((one) => one.writes),
    sales: sum((one) => one.sales),
    readNow,
    ...probe(histories, { lifeMs: strayLifeMs, skewMs, marginMs }),
  }
}

async function readSome(ctx: Context, account: AccountRow, options: OnceOptions): Promise<number> {
  const asked = await askForReadings(ctx.db, account.id, ctx.clock.now(), readAtMost)
  if (asked > 0) await readOnce(ctx, account, options)
  return asked
}

async function historiesOf(ctx: Context, account: AccountRow, since: Date): Promise<SlotHistory[]> {
  const { db } = ctx
  const stock = ctx.registry.get(account.channel)?.stock
  const slots = await probedSlots(db, account.id)
  const writes = Map.groupBy(await probedWrites(db, account.id, since), (one) => one.slotId)
  const sales = Map.groupBy(await probedSales(db, account.id, since), (one) => one.slotId)
  const readings = new Map<string, Reading[]>()
  for (const call of await probedCalls(db, account.id, since, callsAtMost)) {
    const askedAt = call.startedAt.getTime()
    const times = { since: askedAt - (stock?.readsMayBeOldMs ?? 0), at: askedAt + call.durationMs }
    for (const { remoteSku, quantity } of stock?.readingsIn?.(call.operation, call.response) ?? []) {
      if (quantity === null) continue
      const list = readings.get(remoteSku) ?? []
      list.push({ ...times, value: quantity })
      readings.set(remoteSku, list)
    }
  }
  return slots.map(({ id, sku, variantId, unitsPerSale }) => ({
    sku,
    variantId,
    unitsPerSale,
    readings: readings.get(sku) ?? [],
    writes: (writes.get(id) ?? []).map(({ sentAt, value, outcome }) => ({
      sentAt: sentAt.getTime(),
      value,
      isTaken: outcome === 'accepted' || outcome === 'applied',
    })),
    sales: (sales.get(id) ?? []).map((sale) => ({
      ...sale,
      placedAt: sale.placedAt.getTime(),
      knownAt: sale.knownAt.getTime(),
    })),
  }))
}
