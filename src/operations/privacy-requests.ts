/** What people and channels ask about a buyer's data, and what is told of it. */
import {
  closeRequest,
  findRequest,
  insertRequest,
  lockRequest,
  ordersWanted,
  type RequestKind,
} from '../database/erasures.ts'
import { resolve } from '../database/findings.ts'
import type { Sql } from '../database/pool.ts'
import { heldOf } from '../database/views/privacy.ts'
import { answerWithinMs } from '../domain/erasure.ts'
import { Problem } from '../domain/errors.ts'
import { marksOf } from './buyer-marks.ts'
import type { Context } from './context.ts'

export interface NewRequest {
  accountId: string
  kind: RequestKind
  /** Null: the channel. */
  askedBy: string | null
  orderIds: readonly string[]
  /** What the channel knows the person by. */
  names: readonly string[]
  /** All buyers of the account. */
  whole?: boolean
  /** Whom it is about, as the channel says it; kept sealed until it is done. */
  buyer?: string | null
  happenedAt?: Date | null
}

type Asking = Pick<Context, 'clock' | 'newId' | 'sealing'>

/** Keeps a request; answers its id, its last day, and the orders here that it is about. */
export async function askAboutBuyer(
  tx: Sql,
  ctx: Asking,
  request: NewRequest,
): Promise<{ id: string; dueAt: Date; orders: string[] }> {
  const now = ctx.clock.now()
  const id = ctx.newId()
  const { accountId, kind, askedBy, orderIds, whole = false } = request
  const marks = marksOf(ctx, accountId, request.names)
  const dueAt = new Date((request.happenedAt ?? now).getTime() + answerWithinMs)
  const sealed = request.buyer ? ctx.sealing.sealBuyer(request.buyer, `erasure:${id}`, now) : null
  const found = whole ? [] : await ordersWanted(tx, { accountId, orderIds, marks, whole })
  await insertRequest(tx, {
    ...{ id, accountId, kind, askedBy, orderIds, marks, whole, dueAt },
    buyerSealed: sealed?.sealed ?? null,
    epoch: sealed?.epoch ?? null,
    receivedAt: now,
    found: found.length,
  })
  return { id, dueAt, orders: found.map((one) => one.remoteId) }
}

/** A person says that it is seen to, wherever else they keep buyers' data. What the hub itself has to do stays its own. */
export async function closeAsked(tx: Sql, ctx: Asking, id: string, by: string): Promise<void> {
  const request = await lockRequest(tx, id)
  if (!request) throw new Problem('not_found', { what: 'request', id })
  if (request.kind === 'erase' && !request.doneAt) throw new Problem('erasure_under_way')
  const now = ctx.clock.now()
  await closeRequest(tx, id, by, now)
  for (const code of ['erasure_asked', 'erasure_of_all', 'export_asked'])
    await resolve(tx, code, [`erasure:${id}`], now)
}

/** Everything that is held of the person, in one file. */
export async function exportHeld(
  sql: Sql,
  ctx: Pick<Context, 'sealing' | 'clock'>,
  id: string,
): Promise<{ name: string; contentType: string; body: Buffer }> {
  const request = await findRequest(sql, id)
  if (!request || request.whole) throw new Problem('not_found', { what: 'request', id })
  const found = await ordersWanted(sql, request)
  const rows = await heldOf(
    sql,
    found.map((one) => one.id),
  )
  const orders = rows.map(({ sealed, epoch, ...order }) => {
    const text = sealed && epoch ? ctx.sealing.openBuyer(sealed, order.id, epoch) : undefined
    const { buyer = null, raw = null } = text === undefined ? {} : JSON.parse(text)
    return { ...order, buyer, asTheChannelToldIt: raw }
  })
  const body = {
    about: {
      en: 'All that is stored about this buyer: their orders, with name, address and contact where these are still kept. Amounts are in the smallest unit of the currency.',
      zh: '系统中保存的该买家的全部数据：订单，以及仍保留的姓名、地址和联系方式。金额以货币最小单位表示。',
    },
    madeAt: ctx.clock.now().toISOString(),
    orders,
  }
  const name = `buyer-data-${id}.json`
  return { name, contentType: 'application/json; charset=utf-8', body: Buffer.from(JSON.stringify(body, null, 2)) }
}
