/** What is stored of the way to an oversell: ledger, orders, writes, readings, choices. Bounded: a chain is read by a person. */
import type {
  LearnedSale,
  ModeChange,
  Oversell,
  OversellHistory,
  OwnPromise,
  SentWrite,
  SlotMisfit,
  StockMove,
} from '../../domain/oversells.ts'
import type { Sql } from '../pool.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'

interface RawOversell {
  seq: number
  at: Date
  short: number
  uncovered: number
  uncovered_before: number
  unknown_claims: number
  mode: Oversell['mode']
}

const columns = 'seq, at, short, uncovered, uncovered_before, unknown_claims, mode'

const toOversell = (row: RawOversell): Oversell => ({
  seq: row.seq,
  at: row.at.getTime(),
  short: row.short,
  uncovered: row.uncovered,
  uncoveredBefore: row.uncovered_before,
  unknownClaims: row.unknown_claims,
  mode: row.mode,
})

/** The variant's oversells, newest first. */
export async function listOversells(db: Sql, variantId: string, query: PageQuery): Promise<Page<Oversell>> {
  const where = conditions(variantId)
  where.add('variant_id = $1')
  if (query.cursor) where.add('seq < ?::bigint', ...readCursor(query.cursor, 1))
  const rows = await db.rows<RawOversell>(
    `select ${columns} from oversells ${where.where} order by seq desc limit ${query.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, query.limit, (row) => [row.seq])
  return { ...page, items: page.items.map(toOversell) }
}

/** A place of the variant: its slot, or one of a kit that holds it. */
export interface Place {
  slotId: string
  accountId: string
  account: string
  channel: string
  remoteSku: string
  /** Units of the variant that one sale takes. */
  units: number
}

export async function placesFor(db: Sql, variantId: string): Promise<Place[]> {
  return await db.rows<Place>(
    `select s.id as "slotId", s.account_id as "accountId", a.name as account, a.channel, s.remote_sku as "remoteSku", s.units_per_sale * t.quantity as units
     from stock_slots s join accounts a on a.id = s.account_id join (
       select $1::uuid as sold, 1 as quantity union all select kit_id, quantity from kit_parts where variant_id = $1::uuid) t on t.sold = s.variant_id`,
    [variantId],
  )
}

const minuteMs = 60_000
/** So far back an event can still matter by itself: writes die and watermarks follow much sooner. */
const lookBackMs = 120 * minuteMs
/** Before what an earlier event left, or before a sale that was told late. */
const beforeMs = 20 * minuteMs
const atMostMs = 72 * 60 * minuteMs
const rowsAtMost = 200

/** What is stored of the time before the oversell. `isStore`: channels that may sell without a slot of theirs. */
export async function historyOf(
  db: Sql,
  variantId: string,
  places: readonly Place[],
  oversell: Oversell,
  isStore: (channel: string) => boolean,
): Promise<OversellHistory> {
  const at = new Date(oversell.at)
  const units = new Map(places.map((place) => [place.slotId, place.units]))
  const slotIds = [...units.keys()]
  const earlier = await earlierRises(db, variantId, oversell)
  const sold = await salesSince(db, variantId, at, new Date(oversell.at - lookBackMs), isStore)
  const roots = [
    oversell.at - lookBackMs,
    ...(oversell.uncoveredBefore > 0 ? earlier.map((one) => one.at - beforeMs) : []),
    ...sold.filter((one) => one.learnedAt === oversell.at).map((one) => one.placedAt - beforeMs),
  ]
  const since = new Date(Math.max(oversell.at - atMostMs, Math.min(...roots)))
  const [sales, moved, writes, misfits, modes] = await Promise.all([
    since.getTime() < oversell.at - lookBackMs ? salesSince(db, variantId, at, since, isStore) : sold,
    movedSince(db, variantId, at, since),
    writesSince(db, slotIds, at, since),
    misfitsSince(db, units, at, since),
    modesBefore(db, variantId, at),
  ])
  return { sales, ...moved, writes, misfits, modes, earlier }
}

/** Rises within the last days; an older one was covered or dealt with since. */
async function earlierRises(db: Sql, variantId: string, { seq, at }: Oversell): Promise<Oversell[]> {
  const rows = await db.rows<RawOversell>(
    `select ${columns} from oversells where variant_id = $1 and seq < $2 and at > $3 order by seq desc limit 5`,
    [variantId, seq, new Date(at - atMostMs)],
  )
  return rows.map(toOversell)
}

async function salesSince(
  db: Sql,
  variantId: string,
  at: Date,
  since: Date,
  isStore: (channel: string) => boolean,
): Promise<LearnedSale[]> {
  const rows = await db.rows<{
    seq: number
    at: Date
    units: number
    cause: string
    order_id: string
    remote_id: string
    placed_at: Date
    channel: string
    slot_id: string | null
  }>(
    `select m.seq, m.at, m.units, m.cause, m.order_id, o.remote_id, o.placed_at, a.channel, l.slot_id
     from (select seq, at, reserved + short as units, cause, order_id from stock_movements
       where variant_id = $1 and kind = 'reservation' and order_id is not null and cause like 'line:%:promise' and at > $3 and at <= $2
       order by seq desc limit ${rowsAtMost}) m
     join orders o on o.id = m.order_id join accounts a on a.id = o.account_id
     left join order_lines l on l.id = split_part(m.cause, ':', 2)::uuid`,
    [variantId, at, since],
  )
  return rows.map((row) => ({
    seq: row.seq,
    slotId: row.slot_id,
    orderId: row.order_id,
    remoteId: row.remote_id,
    units: row.units,
    placedAt: row.placed_at.getTime(),
    learnedAt: row.at.getTime(),
    told: row.cause.endsWith(':attach:promise') ? 'by-link' : isStore(row.channel) ? 'by-store' : 'by-channel',
  }))
}

/** Checkouts of own stores, and stock that came, went or was counted. */
async function movedSince(
  db: Sql,
  variantId: string,
  at: Date,
  since: Date,
): Promise<{ promises: OwnPromise[]; moves: StockMove[] }> {
  const rows = await db.rows<{
    seq: number
    at: Date
    kind: string
    units: number
    reserved: number
    actor: string
    note: string | null
  }>(
    `select seq, at, kind, on_hand - unsellable as units, reserved, actor, note from stock_movements
     where variant_id = $1 and at > $3 and at <= $2 and (
       (kind = 'reservation' and cause like 'reservation:%')
       or (kind in ('receipt', 'adjustment', 'return', 'transfer') and on_hand <> unsellable))
     order by seq desc limit ${rowsAtMost}`,
    [variantId, at, since],
  )
  const isPromise = (row: { kind: string }) => row.kind === 'reservation'
  return {
    promises: rows
      .filter(isPromise)
      .map((row): OwnPromise => ({ seq: row.seq, at: row.at.getTime(), units: row.reserved })),
    moves: rows
      .filter((row) => !isPromise(row))
      .map(
        (row): StockMove => ({
          seq: row.seq,
          at: row.at.getTime(),
          kind: row.kind,
          units: row.units,
          actor: row.actor,
          note: row.note,
        }),
      ),
  }
}

/** Writes to these slots, and the last one before of each: what it left is what buyers saw. */
async function writesSince(db: Sql, slotIds: readonly string[], at: Date, since: Date): Promise<SentWrite[]> {
  const rows = await db.rows<{
    id: string
    slot_id: string
    intent: { quantity: number; expected?: number | null }
    intended_at: Date
    outcome: string | null
    outcome_at: Date | null
  }>(
    `select e.id, t.slot_id, e.intent, e.intended_at, e.outcome, e.outcome_at from unnest($1::uuid[]) as t(slot_id) cross join lateral (
       (select * from effects where subject = 'slot:' || t.slot_id and kind = 'stock.push' and intended_at > $3 and intended_at <= $2
         order by intended_at desc limit ${rowsAtMost})
       union all
       (select * from effects where subject = 'slot:' || t.slot_id and kind = 'stock.push' and intended_at <= $3
         order by intended_at desc limit 1)) e
     order by e.intended_at desc limit ${rowsAtMost}`,
    [slotIds, at, since],
  )
  return rows.map((row) => ({
    id: row.id,
    slotId: row.slot_id,
    value: row.intent.quantity,
    expected: row.intent.expected ?? null,
    sentAt: row.intended_at.getTime(),
    outcome: row.outcome,
    answeredAt: row.outcome_at?.getTime() ?? null,
  }))
}

async function misfitsSince(db: Sql, units: ReadonlyMap<string, number>, at: Date, since: Date): Promise<SlotMisfit[]> {
  const rows = await db.rows<{
    seq: number
    slot_id: string
    kind: SlotMisfit['kind']
    at: Date
    data: {
      shown?: number
      expected?: number
      askedAt?: string
      quantity?: number
      placedAt?: string
      claim?: number
    }
  }>(
    `select seq, slot_id, kind, at, data from slot_events where slot_id = any($1::uuid[]) and at > $3 and at <= $2
     order by seq desc limit ${rowsAtMost}`,
    [[...units.keys()], at, since],
  )
  const time = (text: string | undefined) => (text === undefined ? null : Date.parse(text))
  return rows.map(({ data, ...row }) => {
    const each = units.get(row.slot_id) ?? 1
    // A reading tells what the slot shows; sales and claims count in the variant's units.
    const own = data.shown ?? (data.quantity ?? data.claim ?? 0) * each
    return {
      seq: row.seq,
      slotId: row.slot_id,
      kind: row.kind,
      at: row.at.getTime(),
      units: own,
      expected: data.expected ?? null,
      askedAt: time(data.askedAt),
      placedAt: time(data.placedAt),
    }
  })
}

async function modesBefore(db: Sql, variantId: string, at: Date): Promise<ModeChange[]> {
  const rows = await db.rows<Omit<ModeChange, 'at'> & { at: Date }>(
    'select seq, at, was, mode, actor from mode_changes where variant_id = $1 and at <= $2 order by seq desc limit 3',
    [variantId, at],
  )
  return rows.map((row) => ({ ...row, at: row.at.getTime() }))
}

export interface CallRef {
  id: string
  operation: string
  method: string
  status: number | null
  errorKind: string | null
  requestId: string | null
  startedAt: string
  durationMs: number
}

export interface CallQuestion {
  key: string
  accountId: string
  remoteSku: string
  isWrite: boolean
  since: Date
  until: Date
}

/** The SKU as a part of an address of its own: another one may begin or end with it. */
const wholeIn = (remoteSku: string) =>
  `(/|=|,|%2[Cc])${encodeURIComponent(remoteSku).replace(/[^A-Za-z0-9%_]/g, '\\$&')}($|[/?&,]|%2[Cc])`

/** The journal's line of each write or reading, as far as it is kept: the first call of the account that names the SKU. */
export async function callsOf(db: Sql, asked: readonly CallQuestion[]): Promise<Map<string, CallRef>> {
  if (asked.length === 0) return new Map()
  const rows = await db.rows<Omit<CallRef, 'startedAt'> & { key: string; started_at: Date }>(
    `select w.key, c.id, c.operation, c.method, c.status, c.error_kind as "errorKind", c.request_id as "requestId", c.started_at,
       c.duration_ms as "durationMs"
     from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[], $7::boolean[])
       as w(key, account_id, since, until, in_url, in_body, is_write)
     cross join lateral (
       select * from channel_calls c where c.account_id = w.account_id and c.started_at >= w.since and c.started_at <= w.until
         and (not w.is_write or c.method <> 'GET')
         and (c.url ~ w.in_url or position(w.in_body in c.request::text) > 0)
       order by c.started_at limit 1) c`,
    [
      asked.map((one) => one.key),
      asked.map((one) => one.accountId),
      asked.map((one) => one.since),
      asked.map((one) => one.until),
      asked.map((one) => wholeIn(one.remoteSku)),
      asked.map((one) => JSON.stringify(one.remoteSku)),
      asked.map((one) => one.isWrite),
    ],
  )
  return new Map(rows.map(({ key, started_at, ...call }) => [key, { ...call, startedAt: started_at.toISOString() }]))
}
