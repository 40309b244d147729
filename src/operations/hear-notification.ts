/**
 * A call from a channel: whose it is, whether it is the channel's, and a durable note of it before it is answered. Its
 * body is forgotten; nothing of what it says is believed.
 */
import { timingSafeEqual } from 'node:crypto'
import type { IncomingHook, Webhooks } from '../channels/capabilities.ts'
import type { Account, Connector } from '../channels/connector.ts'
import { type AccountRow, findAccount } from '../database/accounts.ts'
import { raise, resolve } from '../database/findings.ts'
import { noteRefused } from '../database/notifications.ts'
import { isChannelError } from '../domain/errors.ts'
import { type Budget, WireError } from '../http/client.ts'
import { accountOutside, sparing } from './account-outside.ts'
import type { Context } from './context.ts'
import { createNotificationDesk } from './notification-desk.ts'

export interface HookAnswer {
  status: number
  contentType?: string
  body?: string
}

export interface NotificationRoom {
  /** The account that an address belongs to, by its last two parts; undefined where there is none such. */
  accountOf(channel: string, key: string): string | undefined
  /** Resolves when what was accepted is durable. Undefined: the account is gone, or takes no notifications. */
  hear(accountId: string, channel: string, call: Omit<IncomingHook, 'address'>): Promise<HookAnswer | undefined>
  /** Notes what was counted since the last note. */
  close(): Promise<void>
}

type Keys = Pick<Context, 'sealing'>

const idSize = 16
const macSize = 16

/**
 * The key of an account's address: its id and a code that only this installation can make. Nothing is looked up for a
 * key that is none, and none is stored.
 */
export function hookKey({ sealing }: Keys, channel: string, accountId: string): string {
  const id = Buffer.from(accountId.replaceAll('-', ''), 'hex')
  return Buffer.concat([id, macOf({ sealing }, channel, id)]).toString('base64url')
}

const macOf = ({ sealing }: Keys, channel: string, id: Buffer): Buffer =>
  sealing.fingerprint(`notifications:${channel}:${id.toString('hex')}`).subarray(0, macSize)

function accountOfKey(keys: Keys, channel: string, key: string): string | undefined {
  if (!/^[A-Za-z0-9_-]{43}$/.test(key)) return undefined
  const bytes = Buffer.from(key, 'base64url')
  // The last character carries two bits that decoding drops: only one spelling is the key.
  if (bytes.length !== idSize + macSize || bytes.toString('base64url') !== key) return undefined
  const id = bytes.subarray(0, idSize)
  if (!timingSafeEqual(macOf(keys, channel, id), bytes.subarray(idSize))) return undefined
  return id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

const hookPath = (keys: Keys, channel: string, accountId: string): string =>
  `/hooks/${channel}/${hookKey(keys, channel, accountId)}`

/** Where the channel sends an account's notifications, to the last byte; undefined where nothing outside reaches us. */
export function hookAddress(ctx: Pick<Context, 'sealing' | 'publicUrl'>, channel: string, accountId: string) {
  return ctx.publicUrl && `${ctx.publicUrl}${hookPath(ctx, channel, accountId)}`
}

/** What is known of an account is read again after this long: a new secret works at once enough. */
const knownForMs = 5_000
/** Refusals are counted in memory and noted this often. */
const noteEveryMs = 30_000
/** A person is asked for so many refusals in a row, without one that was accepted between them. */
const refusalsToShow = 10

interface Known {
  row: AccountRow
  connector: Connector
  webhooks: Webhooks
  account: Account
  path: string
}

/** Keys that were found to be right; more accounts than this are looked up by their keys each time. */
const keysKept = 1_000

interface Refusals {
  count: number
  inARow: number
  why: string
  name: string
  notedAt: number
  isShown: boolean
}

export function createNotificationRoom(ctx: Context, ownUrl: string): NotificationRoom {
  const desk = createNotificationDesk(ctx)
  const known = createKnown(ctx)
  const refusals = createRefusals(ctx)
  return {
    accountOf: (channel, key) => known.accountOf(channel, key),
    async hear(accountId, channel, call) {
      const one = await known.get(accountId)
      if (!one || one.row.channel !== channel) return undefined
      const { webhooks, account, row, path } = one
      let verdict: Awaited<ReturnType<Webhooks['verify']>>
      try {
        verdict = await webhooks.verify(account, { ...call, address: `${ctx.publicUrl ?? ownUrl}${path}` })
      } catch (error) {
        return unverified(ctx, row, error)
      }
      if (verdict.kind === 'refused') {
        await refusals.note(row, verdict.why)
        return { status: webhooks.status.refused }
      }
      if (verdict.kind === 'answer')
        return { status: verdict.status, contentType: verdict.contentType, body: verdict.body }
      await desk.take({ id: row.id, name: row.name }, verdict)
      await refusals.end(row)
      return { status: webhooks.status.accepted }
    },
    close: () => refusals.flush(),
  }
}

/** Nobody can tell now whether it is the channel's: it is to come again. A fault of ours is told by its kind only. */
function unverified(ctx: Context, row: AccountRow, error: unknown): HookAnswer {
  if (!isChannelError(error) && !(error instanceof WireError)) {
    const { name, message, code } = error as { name?: string; message?: string; code?: string }
    const isDatabase = ctx.db.troubleOf(error) !== null
    // The message of a parser may carry what it could not parse.
    ctx.log.error('notification could not be checked', {
      account: row.name,
      error: isDatabase ? message : name,
      ...(code ? { code } : {}),
    })
  }
  return { status: 503 }
}

function createKnown(ctx: Context) {
  const accounts = new Map<string, { until: number; known: Promise<Known | undefined> }>()
  const budgets = new Map<string, Budget>()
  const read = async (id: string): Promise<Known | undefined> => {
    const row = await findAccount(ctx.db, id)
    const connector = row && ctx.registry.get(row.channel)
    if (!row || !connector?.webhooks) return undefined
    const budget = budgets.get(id) ?? sparing(ctx)
    budgets.set(id, budget)
    return {
      row,
      connector,
      webhooks: connector.webhooks,
      account: accountOutside(ctx, row, connector, budget),
      path: hookPath(ctx, row.channel, id),
    }
  }
  const keys = new Map<string, string>()
  return {
    accountOf(channel: string, key: string): string | undefined {
      const name = `${channel} ${key}`
      const before = keys.get(name)
      if (before !== undefined) return before
      const id = accountOfKey(ctx, channel, key)
      if (id !== undefined && keys.size < keysKept) keys.set(name, id)
      return id
    },
    async get(id: string): Promise<Known | undefined> {
      const now = ctx.monotonic()
      const before = accounts.get(id)
      if (before && before.until > now) return await before.known
      const known = read(id)
      accounts.set(id, { until: now + knownForMs, known })
      // A database that was away is asked again at once.
      known.catch(() => accounts.delete(id))
      return await known
    },
  }
}

function createRefusals(ctx: Context) {
  const refusals = new Map<string, Refusals>()
  const write = async (accountId: string, one: Refusals) => {
    const now = ctx.clock.now()
    const { count, why, name } = one
    one.notedAt = ctx.monotonic()
    one.count = 0
    const show = one.inARow >= refusalsToShow
    one.isShown ||= show
    const about = { severity: 'warning' as const, accountId, subject: `account:${accountId}:notifications` }
    await ctx.db
      .transaction(async (tx) => {
        await noteRefused(tx, accountId, count, why, now)
        if (show)
          await raise(tx, [{ ...about, code: 'notifications_refused', data: { account: name, why } }], now, ctx.newId)
      })
      // A count is no reason to answer anybody differently.
      .catch(() => {})
  }
  return {
    async note(row: AccountRow, why: string): Promise<void> {
      const one = refusals.get(row.id) ?? {
        count: 0,
        inARow: 0,
        why: '',
        name: row.name,
        notedAt: Number.NEGATIVE_INFINITY,
        isShown: false,
      }
      refusals.set(row.id, one)
      Object.assign(one, { count: one.count + 1, inARow: one.inARow + 1, why: why.slice(0, 100), name: row.name })
      const isNews = one.inARow === refusalsToShow && !one.isShown
      if (isNews || ctx.monotonic() - one.notedAt >= noteEveryMs) await write(row.id, one)
    },
    async end(row: AccountRow): Promise<void> {
      const one = refusals.get(row.id)
      if (!one) return
      one.inARow = 0
      if (!one.isShown) return
      one.isShown = false
      const subject = `account:${row.id}:notifications`
      await resolve(ctx.db, 'notifications_refused', [subject], ctx.clock.now()).catch(() => (one.isShown = true))
    },
    async flush(): Promise<void> {
      for (const [id, one] of refusals) if (one.count > 0) await write(id, one)
    },
  }
}
