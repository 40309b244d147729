/** Shapes that routes share. Times are ISO 8601 in UTC, money in integer minor units beside its currency. */
import { z } from 'zod'
import { roles } from './permissions.ts'

export const id = z.uuid()
export const time = z.iso.datetime({ offset: true })
export const sku = z.string().trim().min(1).max(200)
export const count = z.number().int()

export const channelName = z.string().min(1)
export const orderState = z.enum([
  'pending',
  'open',
  'partly_shipped',
  'shipped',
  'canceled',
  'unfulfillable',
  'unknown',
])
export const withoutChecks = z
  .boolean()
  .default(false)
  .describe('live although checks are missing, old or failed; who said so is kept and shown')
export const stage = z.enum(['sandbox', 'shadow', 'live', 'paused'])
export const fulfilledBy = z.enum(['merchant', 'channel'])
export const language = z.enum(['en', 'zh'])

export const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional().describe('nextCursor of the page before'),
})
export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() })

/** Error answers, RFC 9457 (application/problem+json). */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string().describe('stable; branch on this'),
  detail: z.string().describe('what to do next, in the language asked for'),
  requestId: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  params: z.record(z.string(), z.unknown()).optional(),
})
export type ProblemBody = z.infer<typeof problem>

export const user = z.object({ id, email: z.string(), name: z.string(), role: z.enum(roles), language })

export const account = z.object({
  id,
  channel: channelName,
  name: z.string(),
  region: z.string(),
  stage,
  draft: z.boolean().describe('being connected: nothing is read or written before that is finished'),
  halted: z
    .object({ code: z.string(), at: time })
    .nullable()
    .describe('why the hub itself paused work, e.g. a revoked token'),
  settings: z.record(z.string(), z.unknown()),
  openedAt: time,
  streams: z.array(
    z.object({
      stream: z.string().describe('orders, listings'),
      pulledAt: time.nullable().describe('null: never read yet'),
      watermark: time.nullable().describe('everything up to here is known'),
      nextAt: time,
      failure: z.object({ at: time, code: z.string(), message: z.string(), failures: count }).nullable(),
    }),
  ),
  budgets: z.array(z.object({ operation: z.string(), tokens: z.number(), rate: z.number(), burst: z.number() })),
  orderLag: z
    .object({
      marginMs: z.number().describe('sales count as known so long after the list says so'),
      tailMs: z.number().describe('the farthest behind its own word that the list told of a sale; halves in a week'),
      medianMs: z
        .number()
        .nullable()
        .describe('half of the orders were here so long after their sale; null: none was measured'),
      mostMs: z.number().nullable().describe('99 of 100 were'),
    })
    .nullable()
    .describe('how late sales are told; null: they are told as they happen'),
  recount: z
    .object({
      checkedUntil: time.describe('orders placed before this were all counted by a second source'),
      counted: count.describe('in the last whole span'),
      missing: count.describe('of these, those that the usual list never told'),
    })
    .nullable()
    .describe('null: nothing was counted yet, or the channel needs no second source'),
  worker: z.object({ holder: z.string(), until: time }).nullable(),
  slots: z.object({ total: count, dirty: count, unread: count, problems: count }),
  orders: count,
})

const feedUnderWay = z.object({
  id,
  lines: count,
  leftAt: time.nullable(),
  overdueAt: time.nullable().describe('after this it counts as stuck'),
  isLost: z.boolean().describe('nobody answered when it was handed in: it may exist'),
})

export const accountPlan = z.object({
  accountId: id,
  account: z.string(),
  channel: channelName,
  stage,
  due: count.describe('listings whose quantity waits to be sent'),
  waiting: count.describe('listings whose units are bound by claims'),
  inCalls: count,
  inFeeds: count,
  more: count.describe('listings that a change would add'),
  feeds: z.array(feedUnderWay),
  plan: z
    .object({
      linesByCall: count,
      linesByFeed: count,
      calls: count,
      feeds: count,
      from: time.describe('done between these moments, if nothing else changes'),
      to: time,
    })
    .nullable()
    .describe('null: nothing leaves here (not live, halted, or no allowance)'),
})

export const mode = z.enum(['guarded', 'adaptive', 'shared'])

export const stockLevel = z.object({
  variantId: id,
  sku: z.string(),
  title: z.string(),
  productId: id,
  category: z.string().nullable(),
  onHand: count,
  unsellable: count,
  reserved: count,
  allocated: count,
  short: count,
  availableToPromise: count,
  isKit: z.boolean().describe('its stock is its components’'),
  mode: mode.describe('guarded: claims never exceed what is available; shared and adaptive accept a rate of oversells'),
  claimed: count.describe('units that slots may have sold unseen and may still sell'),
  unknownClaims: count.describe('slots whose claim is not known yet: nothing is raised while there is one'),
  uncovered: count.describe('claimed units that facts took away: an oversell that nothing can prevent may follow'),
  shown: count.nullable().describe('sum over slots of what stands there, in units; null: no slot was read yet'),
  slots: count,
  dirtySlots: count,
  unreadSlots: count,
})

const heldSum = {
  fulfillable: count.describe('can be sold by the channel now'),
  inbound: count.describe('on their way to the channel’s warehouses'),
  reserved: count.describe('sold and not gone yet, or moved between warehouses'),
  unsellable: count.describe('damaged, or being looked for'),
}
export const heldStock = z.object({
  accountId: id,
  account: z.string(),
  channel: channelName,
  marketplace: z.string(),
  remoteSku: z.string(),
  sku: z.string().nullable().describe('null: not linked to a variant'),
  title: z.string().nullable(),
  unitsPerSale: count,
  ...heldSum,
  changedAt: time.nullable().describe('when it last changed, in the channel’s own word'),
  seenAt: time,
})
export const held = z.object({
  rows: z.array(heldStock).describe('in units of the listing; marketplaces of one account may tell of the same units'),
  sum: z.object(heldSum).describe('in units of the variant; of one SKU the marketplace with most counts'),
  lending: z
    .object({
      account: z.string(),
      most: count.describe('units that the own store may sell of what is held, at most'),
      leave: count.describe('units that are left to the channel'),
      free: count.describe('lent now, and waited for by no order'),
      dispatched: count.describe('of orders that the channel was told to ship and has not'),
    })
    .nullable()
    .describe('what the own store may sell of it; null: nothing'),
  lenders: z.array(z.string()).describe('accounts that hold it and ship orders of other shops'),
})

const setting = (text: string) => count.nullable().describe(`${text}; null: not set here, a wider rule decides`)
export const showSettings = z.object({
  safetyUnits: setting('units of the variant kept back, 0 to 1,000,000,000'),
  safetyPercent: setting('percent of what is available kept back, rounded up, 0 to 100; with safetyUnits: the larger'),
  cap: setting('show at most so many'),
  minimum: setting('show at least so many while something is left, never more than there is'),
  stopBelow: setting('show 0 when fewer than so many would be shown'),
})
export const ruleScope = z.object({
  account: z.string().nullable().describe('null: every account'),
  channel: channelName.nullable(),
  sku: z.string().nullable().describe('null: every variant'),
  category: z.string().nullable(),
})

export const explanation = z.object({
  shows: count,
  text: z.string().describe('in the language asked for'),
  pending: z.boolean().describe('a changed rule has not reached this slot yet'),
  reasons: z.array(
    z.object({
      code: z.enum(['available', 'safety', 'pack', 'minimum', 'stop-below', 'cap']),
      amount: count.describe('available, kept back, units per sale, wanted, limit, cap'),
      value: count.describe('what is left after this step'),
      rule: ruleScope.extend({ id }).nullable(),
    }),
  ),
})

export const slot = z.object({
  id,
  sku: z.string().nullable().describe('our SKU; null: not linked to a variant'),
  remoteSku: z.string(),
  channel: channelName,
  account: z.string(),
  accountId: id,
  stage,
  region: z.string(),
  marketplaces: z.array(z.string()).describe('that draw from it'),
  unitsPerSale: count,
  perHour: z.number().nullable().describe('sales an hour while it shows something; null: it never sold'),
  merchantFulfilled: z
    .boolean()
    .nullable()
    .describe('null: not known yet; false: the channel fulfills, no quantity is written'),
  wish: count.nullable(),
  wishAt: time.nullable(),
  reason: z
    .enum([
      'full',
      'share',
      'tank',
      'reorder-point',
      'lending',
      'donor',
      'waiting',
      'scarce',
      'unknown',
      'alarm',
      'shortage',
      'limit',
      'buffer',
    ])
    .nullable()
    .describe('why the mode has it show this number; null: its rule alone decides'),
  explanation: explanation.nullable().describe('why the wish is what it is; null: no wish'),
  inFlight: z
    .object({ value: count, version: count, sentAt: time, acceptedAt: time.nullable() })
    .nullable()
    .describe('the newest write that is not settled'),
  confirmed: count.nullable().describe('null: not read yet'),
  confirmedAt: time.nullable(),
  strays: count.describe('writes without an answer that may still take effect'),
  claim: count
    .nullable()
    .describe('the most that it may have sold unseen and may still sell, whatever is on its way; null: not known yet'),
  watermark: time.nullable().describe('all its sales are known up to here'),
  holdUntil: time.nullable().describe('no raise before the watermark is here: a reading showed an unseen sale'),
  state: z.enum(['clean', 'waiting', 'sending', 'unread', 'problem', 'not-ours', 'unlinked']),
  problem: z.object({ code: z.string(), message: z.string(), at: time }).nullable(),
})

export const movement = z.object({
  id,
  seq: count,
  at: time,
  sku: z.string(),
  location: z.string().nullable(),
  kind: z.enum(['receipt', 'adjustment', 'reservation', 'allocation', 'release', 'shipment', 'return', 'transfer']),
  onHand: count,
  unsellable: count,
  reserved: count,
  allocated: count,
  short: count,
  order: z.object({ id, remoteId: z.string() }).nullable(),
  actor: z.string(),
  note: z.string().nullable(),
})

export const orderLine = z.object({
  id,
  remoteId: z.string(),
  remoteSku: z.string().nullable(),
  sku: z.string().nullable().describe('null: the SKU is not known here'),
  title: z.string(),
  quantity: count,
  canceled: count,
  unitsPerSale: count,
  unitPrice: count.nullable(),
  reserved: count.describe('units of the variant that wait for it'),
  short: count.describe('units sold that we do not have'),
  shipped: count,
})

export const order = z.object({
  id,
  channel: channelName,
  account: z.string(),
  accountId: id,
  remoteId: z.string(),
  state: orderState,
  fulfilledBy,
  marketplace: z.string().nullable(),
  currency: z.string().nullable(),
  total: count.nullable(),
  placedAt: time,
  updatedAt: time,
  importedAt: time,
  shipBy: time.nullable(),
  deliverBy: time.nullable(),
  problems: z.array(z.enum(['unknown-sku', 'short', 'late'])),
  lines: z.array(orderLine),
})

export const finding = z.object({
  id,
  code: z.string(),
  severity: z.enum(['loss', 'warning', 'info']),
  account: z.string().nullable(),
  subject: z.string(),
  target: z
    .object({ kind: z.enum(['order', 'variant', 'account']), id: z.string() })
    .nullable()
    .describe('the page that shows it: the id of an order or an account, the SKU of a variant'),
  data: z.record(z.string(), z.unknown()),
  title: z.string().describe('in the language asked for'),
  next: z.string().describe('what to do'),
  firstAt: time,
  lastAt: time,
})

export const reservation = z.object({
  id,
  account: z.string(),
  reference: z.string(),
  state: z.enum(['held', 'confirmed', 'ordered', 'released', 'expired']),
  expiresAt: time.nullable(),
  orderId: id.nullable(),
  lines: z.array(z.object({ sku: z.string(), quantity: count.describe('in the listing’s units') })),
})

export const listing = z.object({
  id,
  channel: channelName,
  account: z.string(),
  accountId: id,
  marketplace: z.string(),
  remoteSku: z.string(),
  remoteId: z.string().nullable(),
  sku: z.string().nullable(),
  unitsPerSale: count,
  title: z.string(),
  fulfilledBy,
  buyable: z.boolean().nullable(),
  price: count.nullable(),
  currency: z.string().nullable(),
  slotId: id,
})

export const call = z.object({
  id,
  account: z.string().nullable(),
  operation: z.string(),
  method: z.string(),
  url: z.string(),
  status: count.nullable(),
  errorKind: z.string().nullable(),
  errorCode: z.string().nullable(),
  requestId: z.string().nullable(),
  startedAt: time,
  durationMs: count,
  request: z.unknown(),
  response: z.unknown(),
})

export const category = z.string().trim().min(1).max(100)
export const product = z.object({
  id,
  title: z.string(),
  category: z.string().nullable().describe('a plain label of yours; publishing rules may name it'),
  variants: z.array(z.object({ id, sku: z.string(), title: z.string(), gtin: z.string().nullable() })),
})

export const byId = z.object({ id })
export const accountRef = z.string().trim().min(1).max(200).describe('id or name of the account')
export const empty = z.object({})
