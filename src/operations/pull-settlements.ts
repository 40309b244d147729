/** Fetches settlements and keeps them as they came, sealed: channels forget them, and cannot make them again. */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { RawSettlement } from '../channels/capabilities.ts'
import { getCursor, saveCursor } from '../database/accounts.ts'
import { raise, resolve } from '../database/findings.ts'
import { fence } from '../database/leases.ts'
import type { Sql } from '../database/pool.ts'
import { type NewSettlement, saveSettlement, settlementFile } from '../database/settlements.ts'
import { isChannelError, Problem } from '../domain/errors.ts'
import type { AccountAtWork, Context } from './context.ts'
import { type PullResult, pullFailed } from './pull-orders.ts'

const stream = 'settlements'
const pack = promisify(gzip)
const unpack = promisify(gunzip)

export async function pullSettlements(ctx: Context, work: AccountAtWork): Promise<PullResult> {
  const { row, connector, account } = work
  const capability = connector.settlements
  if (!capability) throw new Error(`${connector.channel} tells no settlements`)
  const startedAt = ctx.clock.now()
  const cursor = await getCursor(ctx.db, row.id, stream)
  try {
    const pulled = await capability.pull(account, cursor?.value ?? null)
    const items: NewSettlement[] = []
    for (const item of pulled.items) items.push(await sealed(ctx, row.id, item))
    const now = ctx.clock.now()
    const nextAt = pulled.more ? now : new Date(startedAt.getTime() + capability.everyMs)
    const subjectOf = (remoteId: string) => `settlement:${row.id}:${remoteId}`
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      for (const item of items) await saveSettlement(tx, row.id, item, now)
      await resolve(
        tx,
        'settlement_unreadable',
        items.map((item) => subjectOf(item.remoteId)),
        now,
      )
      await raise(
        tx,
        (pulled.unreadable ?? []).map(({ remoteId, where }) => ({
          code: 'settlement_unreadable',
          severity: 'warning' as const,
          accountId: row.id,
          subject: subjectOf(remoteId),
          data: { account: row.name, settlement: remoteId, where },
        })),
        now,
        ctx.newId,
      )
      await saveCursor(tx, row.id, stream, { value: pulled.next, watermark: null, nextAt, now })
      await resolve(tx, 'pull_failing', [`account:${row.id}:${stream}`], now)
      await resolve(tx, 'settlements_denied', [`account:${row.id}:${stream}`], now)
    })
    return { more: pulled.more, notBefore: null }
  } catch (error) {
    if (!isChannelError(error)) throw error
    if (error.kind !== 'auth')
      return { more: false, notBefore: await pullFailed(ctx, work, stream, error, cursor?.failures ?? 0) }
    await noteDenied(ctx, work, cursor?.value ?? null, error.code, capability.everyMs)
    return { more: false, notBefore: null }
  }
}

/**
 * A permission that is missing for this alone must not halt orders and quantities; a refused login halts by their pulls.
 * It is said once, and tried again at the usual time: it comes back by a person only.
 */
async function noteDenied(
  ctx: Context,
  work: AccountAtWork,
  value: unknown,
  code: string,
  everyMs: number,
): Promise<void> {
  const { row } = work
  const now = ctx.clock.now()
  const subject = `account:${row.id}:${stream}`
  const finding = { code: 'settlements_denied', severity: 'warning' as const, accountId: row.id, subject }
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    await raise(tx, [{ ...finding, data: { account: row.name, code } }], now, ctx.newId)
    await resolve(tx, 'pull_failing', [subject], now)
    const nextAt = new Date(now.getTime() + everyMs)
    await saveCursor(tx, row.id, stream, { value, watermark: null, nextAt, now })
  })
}

/** Settlements may name buyers: nothing of one stands in plain, but its name and what it weighs. */
async function sealed(
  ctx: Pick<Context, 'newId' | 'sealing'>,
  accountId: string,
  item: RawSettlement,
): Promise<NewSettlement> {
  const { remoteId, name, contentType, from, until, body } = item
  const sha256 = createHash('sha256').update(body).digest('hex')
  const packed = await pack(body)
  const id = ctx.newId()
  const told = { id, remoteId, name, contentType, from, until, sha256, size: body.byteLength }
  return { ...told, sealed: ctx.sealing.sealFile(packed, `${accountId}:${remoteId}`) }
}

/** Keeps one settlement, where it is not kept yet. */
export async function keepSettlement(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'sealing'>,
  accountId: string,
  item: RawSettlement,
): Promise<void> {
  await saveSettlement(tx, accountId, await sealed(ctx, accountId, item), ctx.clock.now())
}

/** A settlement byte for byte as the channel gave it. Refusals: `not_found`. */
export async function openSettlement(
  sql: Sql,
  ctx: Pick<Context, 'sealing'>,
  id: string,
): Promise<{ name: string; contentType: string; body: Buffer }> {
  const found = await settlementFile(sql, id)
  if (!found) throw new Problem('not_found', { what: 'settlement', id })
  const { remoteId, accountId, name, contentType, sha256 } = found
  const body = await unpack(ctx.sealing.openFile(found.sealed, `${accountId}:${remoteId}`))
  if (createHash('sha256').update(body).digest('hex') !== sha256)
    throw new Error(`settlement ${id} is not what was kept`)
  return { name, contentType, body }
}
