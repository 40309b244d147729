/**
 * Where notifications queue: those that come while a group is being written form the next one, and a group is one
 * transaction. A burst of thousands costs a few flushes to disk, and nobody is answered before theirs.
 */
import { createHash } from 'node:crypto'
import type { HookVerdict } from '../channels/capabilities.ts'
import { raise } from '../database/findings.ts'
import { type InboxRow, insertNotifications } from '../database/notifications.ts'
import type { Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'
import { askAboutBuyer } from './privacy-requests.ts'

export type Accepted = Extract<HookVerdict, { kind: 'accepted' }>

export interface NotificationDesk {
  /** Resolves when it is durable, now or from an earlier delivery. */
  take(account: { id: string; name: string }, accepted: Accepted): Promise<void>
}

interface Waiting {
  account: { id: string; name: string }
  accepted: Accepted
  row: InboxRow
  resolve(): void
  reject(error: unknown): void
}

/** In one transaction at most: beyond this a group only makes its last member wait. */
const mostInGroup = 500
/** While one group flushes to disk the next one is written. */
const groupsAtOnce = 2
/** What waits in memory is bounded: beyond it the channel is told to come again. */
const mostWaiting = 20_000
/** The pumps look by themselves twice a second: a flood need not ring for each group. */
const ringEveryMs = 100

type DeskContext = Pick<Context, 'db' | 'clock' | 'newId' | 'wake' | 'sealing' | 'monotonic'>

export function createNotificationDesk(ctx: DeskContext): NotificationDesk {
  const queue: Waiting[] = []
  let running = 0
  let planned = false
  let rungAt = Number.NEGATIVE_INFINITY
  const stored = () => {
    if (ctx.monotonic() - rungAt < ringEveryMs) return
    rungAt = ctx.monotonic()
    ctx.wake()
  }
  const next = () => {
    planned = false
    if (running >= groupsAtOnce || queue.length === 0) return
    running += 1
    void serve(ctx, queue.splice(0, mostInGroup), stored).finally(() => {
      running -= 1
      plan()
    })
    plan()
  }
  // A turn of the event loop later, so that all that arrived together is in one group.
  const plan = () => {
    if (planned || queue.length === 0 || running >= groupsAtOnce) return
    planned = true
    setImmediate(next)
  }
  return {
    take: (account, accepted) =>
      new Promise((resolve, reject) => {
        if (queue.length >= mostWaiting) return reject(new Problem('database_busy'))
        queue.push({ account, accepted, row: rowOf(ctx, account.id, accepted), resolve, reject })
        plan()
      }),
  }
}

function rowOf(ctx: DeskContext, accountId: string, accepted: Accepted): InboxRow {
  const happened = accepted.happenedAt?.getTime() ?? Number.NaN
  return {
    id: ctx.newId(),
    accountId,
    // Whatever its length and whatever stands in it.
    dedupe: createHash('sha256').update(accepted.dedupe).digest(),
    topic: storable(accepted.topic).slice(0, 100),
    look: [...new Set(accepted.look)],
    orderIds: [...new Set((accepted.orderRemoteIds ?? []).map(storable))].slice(0, 500),
    happenedAt: happened >= 0 && happened < farMs ? new Date(happened) : null,
    receivedAt: ctx.clock.now(),
  }
}

const farMs = Date.UTC(3000, 0)

/** What no text of the database can hold is left out. */
const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed().slice(0, 200)

async function serve(ctx: DeskContext, group: readonly Waiting[], stored: () => void): Promise<void> {
  try {
    await ctx.db.transaction((tx) => store(tx, ctx, group))
    for (const one of group) one.resolve()
    stored()
  } catch (error) {
    // What fails in company is tried alone, so that one (of an account that is gone, say) spoils nobody else's.
    // A database that is away stores none of them.
    if (group.length === 1 || ctx.db.troubleOf(error) !== null) for (const one of group) one.reject(error)
    else for (const one of group) await serve(ctx, [one], stored)
  }
}

async function store(tx: Sql, ctx: DeskContext, group: readonly Waiting[]): Promise<void> {
  const added = await insertNotifications(
    tx,
    group.map((one) => one.row),
  )
  for (const one of group) if (one.accepted.erase && added.has(one.row.id)) await askForErasure(tx, ctx, one)
}

/**
 * Carried out by itself (erase-buyers.ts), and shown until a person has seen to it: data lies in places that only they know of,
 * too. Shown where it concerns orders that are here; a channel may tell of every member it loses, and nearly all are strangers.
 */
async function askForErasure(tx: Sql, ctx: DeskContext, { account, accepted, row }: Waiting): Promise<void> {
  const { orderRemoteIds, buyer, buyerIds, whole, asks = 'erase' } = accepted.erase!
  const { id, dueAt, orders } = await askAboutBuyer(tx, ctx, {
    accountId: account.id,
    kind: asks,
    askedBy: null,
    orderIds: orderRemoteIds.map(storable),
    names: (buyerIds ?? (buyer === null ? [] : [buyer])).map(storable),
    whole,
    buyer: buyer === null ? null : storable(buyer),
    happenedAt: row.happenedAt,
  })
  if (!whole && orders.length === 0) return
  const data = { account: account.name, by: dueAt.toISOString().slice(0, 10) }
  const named = { ...data, orders: orders.slice(0, 20).join(', ') }
  const about = { severity: 'warning' as const, accountId: account.id, subject: `erasure:${id}` }
  const at = row.receivedAt
  if (whole) await raise(tx, [{ ...about, code: 'erasure_of_all', data }], at, ctx.newId)
  else if (asks === 'export') await raise(tx, [{ ...about, code: 'export_asked', data: named }], at, ctx.newId)
  else await raise(tx, [{ ...about, code: 'erasure_asked', data: named }], at, ctx.newId)
}
