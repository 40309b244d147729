import { findingText } from '../../contract/findings.ts'
import { allAccounts } from '../../database/accounts.ts'
import { countOrders, listOrders, orderFigures, ordersByHour } from '../../database/views/orders.ts'
import { lowLevels, stockFigures } from '../../database/views/stock.ts'
import { describeAccounts, type FindingRow, listAll, listCalls, listFindings } from '../../database/views/system.ts'
import { Problem } from '../../domain/errors.ts'
import { faultOfUrl } from '../../http/guard.ts'
import { replayOrder, replayWebhook } from '../../operations/replay.ts'
import type { Handlers } from './handler.ts'

/** Where a person looks at it: a slot is shown with its variant. */
function targetOf({ subject, sku, account_id }: FindingRow) {
  const [kind, id = ''] = subject.split(':')
  if (kind === 'order') return { kind: 'order' as const, id }
  if (sku) return { kind: 'variant' as const, id: sku }
  return account_id ? { kind: 'account' as const, id: account_id } : null
}

function describeFinding(row: FindingRow, language: 'en' | 'zh') {
  const { first_at, last_at, ...rest } = row
  return {
    id: rest.id,
    code: rest.code,
    severity: rest.severity,
    account: rest.account,
    subject: rest.subject,
    target: targetOf(row),
    data: rest.data,
    ...findingText(row.code, row.data, language),
    firstAt: first_at.toISOString(),
    lastAt: last_at.toISOString(),
  }
}

type Orders = Awaited<ReturnType<typeof listOrders>>['items'][number]
type Accounts = Awaited<ReturnType<typeof describeAccounts>>[number]

/** The overview is asked for every two seconds: it tells only what it shows. */
function pickOrder({ id, channel, account, remoteId, state, placedAt, importedAt, total, currency }: Orders) {
  return { id, channel, account, remoteId, state, placedAt, importedAt, total, currency }
}
function pickAccount({ id, channel, name, stage, halted, streams, slots }: Accounts) {
  return { id, channel, name, stage, halted, streams, slots }
}

export const systemHandlers: Handlers<
  'overview' | 'findings' | 'replayFinding' | 'calls' | 'webhooks' | 'addWebhook' | 'replayWebhook' | 'removeWebhook'
> = {
  overview: async ({ sql, api, options }) => {
    const now = options.ctx.clock.now()
    const [figures, counts, byHour, newest, stock, low, accounts, findings] = await Promise.all([
      orderFigures(sql, now),
      countOrders(sql, now),
      ordersByHour(sql, now),
      listOrders(sql, { limit: 12, view: 'all' }, now),
      stockFigures(sql, now),
      lowLevels(sql, 12),
      allAccounts(sql).then((rows) =>
        // One that is being connected is nobody's trouble yet.
        describeAccounts(
          sql,
          rows.filter((row) => !row.draft_since),
          now,
        ),
      ),
      listFindings(sql, { limit: 20 }),
    ])
    return {
      now: now.toISOString(),
      demo: options.demo,
      orders: {
        ...figures,
        pending: counts.pending,
        toShip: counts.toShip,
        late: counts.late,
        dueToday: counts.dueToday,
        byHour,
        newest: newest.items.map(pickOrder),
      },
      stock: { ...stock, low },
      accounts: accounts.map(pickAccount),
      findings: findings.items.map((row) => describeFinding(row, api.language)),
    }
  },
  findings: async ({ sql, input, api }) => {
    const page = await listFindings(sql, input.query)
    return { ...page, items: page.items.map((row) => describeFinding(row, api.language)) }
  },
  replayFinding: async ({ sql, input, options }) => ({ orderId: await replayOrder(sql, options.ctx, input.params.id) }),
  replayWebhook: async ({ sql, input, options }) => ({
    events: await replayWebhook(sql, options.ctx, input.params.id),
  }),
  calls: async ({ sql, input }) => await listCalls(sql, input.query),
  webhooks: async ({ sql, input }) => {
    const page = await listAll<{ url: string; events: string[]; created_at: Date; waiting: number; dead: number }>(
      sql,
      'webhook_endpoints',
      input.query,
    )
    return {
      ...page,
      items: page.items.map(({ created_at, ...row }) => ({ ...row, createdAt: created_at.toISOString() })),
    }
  },
  addWebhook: async ({ sql, input, options }) => {
    const { ctx } = options
    const refusal = faultOfUrl(new URL(input.body.url), { allowedOrigins: ctx.allowedOrigins })
    if (refusal) throw new Problem('url_refused', { reason: refusal })
    const id = ctx.newId()
    const secret = `whsec_${Buffer.from(ctx.sealing.newToken(), 'base64url').toString('base64')}`
    await sql.run(
      'insert into webhook_endpoints (id, url, events, secret_sealed, created_at) values ($1, $2, $3, $4, $5)',
      [id, input.body.url, input.body.events, ctx.sealing.sealSecret(secret, `webhook:${id}`), ctx.clock.now()],
    )
    return { id, url: input.body.url, events: input.body.events, secret }
  },
  removeWebhook: async ({ sql, input, options }) => {
    const removed = await sql.run(
      'update webhook_endpoints set disabled_at = $2 where id = $1 and disabled_at is null',
      [input.params.id, options.ctx.clock.now()],
    )
    if (removed === 0) throw new Problem('not_found', { what: 'webhook', id: input.params.id })
    await sql.run(
      `update webhook_deliveries set state = 'dead', next_at = null, done_at = $2 where endpoint_id = $1 and state = 'waiting'`,
      [input.params.id, options.ctx.clock.now()],
    )
    return null
  },
}
