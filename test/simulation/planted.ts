/**
 * Bugs that were made in other hubs, planted into this one: each is a change of the source text of a module while it
 * is loaded, or of the schema of the run's own database. The simulation must find every one of them.
 */

export interface Patch {
  /** Below the project's folder. */
  file: string
  /** Stands there exactly once; where it does not, the patch is out of date and says so. */
  find: string
  put: string
}

export interface Planted {
  name: string
  /** What the program does wrong now. */
  what: string
  patches: readonly Patch[]
  /** Takes something away from the schema. */
  schema?: string
}

const reserve = 'src/operations/reserve-stock.ts'
const stockTable = 'src/database/stock.ts'
const lockLevels = 'where variant_id = any($1::uuid[]) order by variant_id for update`'
const pull = 'src/operations/pull-orders.ts'

export const planted: readonly Planted[] = [
  {
    name: 'cursor-before-commit',
    what: 'the cursor is stored before the page that it stands behind',
    patches: [
      {
        file: pull,
        find: `    try {
      await ctx.db.transaction(async (tx) => {
        await fence(tx, work.lease())
        const told = await importOrders(tx, ctx, seller, pulled.items)`,
        put: `    await saveCursor(ctx.db, row.id, stream, { value: pulled.next, watermark: pulled.watermark ?? null, nextAt, now })
    try {
      await ctx.db.transaction(async (tx) => {
        await fence(tx, work.lease())
        const told = await importOrders(tx, ctx, seller, pulled.items)`,
      },
    ],
  },
  {
    name: 'first-page-only',
    what: 'only the first page of a window is read',
    patches: [
      {
        file: 'src/channels/amazon/orders.ts',
        find: 'const token = answer.pagination?.nextToken',
        put: 'const token = undefined as string | undefined',
      },
    ],
  },
  {
    name: 'no-pending',
    what: 'orders that are not paid yet are left out',
    patches: [
      {
        file: 'src/channels/amazon/orders.ts',
        find: 'return { page: readPage(answer.orders), lastUpdatedBefore, pages, next }',
        put: `const all = readPage(answer.orders)
  const page = { ...all, items: all.items.filter((one) => one.state !== 'pending') }
  return { page, lastUpdatedBefore, pages, next }`,
      },
    ],
  },
  {
    name: 'missing-unique-key',
    what: 'orders are looked up and then inserted, with no key and no lock between',
    patches: [
      {
        file: 'src/api/handlers/orders.ts',
        find: `await sql.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', [
      \`order \${account.id} \${input.body.remoteId}\`,
    ])`,
        put: '',
      },
    ],
    schema: 'alter table orders drop constraint orders_account_id_remote_id_key',
  },
  {
    name: 'rmw-stock',
    what: 'a count reads the level without a lock and writes what it worked out',
    patches: [
      {
        file: stockTable,
        find: lockLevels,
        put: lockLevels.replace('for update', `\${options.places ? '' : 'for update'}`),
      },
    ],
  },
  {
    name: 'rmw-reserved',
    what: 'the reserved counter is read without a lock and written back',
    patches: [
      {
        file: stockTable,
        find: lockLevels,
        put: lockLevels.replace('for update', `\${options.places ? 'for update' : ''}`),
      },
    ],
  },
  {
    name: 'check-apart-from-booking',
    what: 'a checkout is checked first and booked later, in whatever state stock is by then',
    patches: [
      {
        file: stockTable,
        find: 'const toLevels =',
        put: `export const readLevels = async (sql: Sql, ids: readonly string[]) =>
  toLevels(await sql.rows<LevelRow>(\`select \${levelColumns} from pool_levels where variant_id = any($1::uuid[])\`, [ids]))
const toLevels =`,
      },
      {
        file: reserve,
        find: `import { lockStock, type PromiseOwner, saveStock } from '../database/stock.ts'`,
        put: `import { lockStock, type PromiseOwner, readLevels, saveStock } from '../database/stock.ts'
import { openStock } from '../domain/stock.ts'`,
      },
      {
        file: reserve,
        find: '  // Asked for together, answered in this order',
        put: `  const checked = openStock({ levels: await readLevels(tx, variantIds), places: new Map(), promises: [] })
  // Asked for together, answered in this order`,
      },
      { file: reserve, find: 'decideCheckout(stock, {', put: 'decideCheckout(checked, {' },
      {
        file: reserve,
        find: '  if (held.length === 0) return\n',
        put: `  if (held.length === 0) return
  for (const one of checked.change().promises.values())
    stock.promise({ ...one }, one.quantity, \`reservation:\${owners.get(one.id)!.reservationId}:\${one.id}\`)
`,
      },
    ],
  },
  {
    name: 'retry-without-idempotency',
    what: 'a request that comes again under its key is carried out again',
    patches: [
      {
        file: 'src/api/idempotency.ts',
        find: 'if (first === 0) {',
        put: 'if (first === 0 && !request.url.includes("movements")) {',
      },
    ],
  },
  {
    name: 'retry-of-4xx',
    what: 'a write that was refused for what it says leaves again at once',
    patches: [
      {
        file: 'src/operations/write-answers.ts',
        find: 'rejected: refusedMs,',
        put: 'rejected: 0,',
      },
    ],
  },
  {
    name: 'stale-after-newer',
    what: 'a write without an answer is kept aside and sent again later, whatever was sent meanwhile',
    patches: [
      {
        file: 'src/operations/push-stock.ts',
        find: `const call = pushed(ctx, work, batch)`,
        put: `const call = pushedAgain(ctx, work, batch)`,
      },
      {
        file: 'src/operations/push-stock.ts',
        find: `interface Answered {`,
        put: `const later = new Map<string, Leaving[]>()

async function pushedAgain(ctx: Context, work: AccountAtWork, batch: readonly Leaving[]): Promise<QuantityOutcome[]> {
  const again = later.get(work.row.id)
  later.delete(work.row.id)
  const outcomes = await pushed(ctx, work, batch)
  if (again) await pushed(ctx, work, again)
  if (outcomes.some((one) => one.kind === 'failed' && one.error.mayHaveApplied)) later.set(work.row.id, [...batch])
  return outcomes
}

interface Answered {`,
      },
    ],
  },
  {
    name: 'clamp-at-zero',
    what: 'units sold beyond the stock are forgotten',
    patches: [
      {
        file: 'src/domain/stock.ts',
        find: `      promise.quantity += quantity
      promise.short += quantity - covered
      promises.set(line.id, promise)
      touched.add(line.id)
      move('reservation', line.variantId, cause, { reserved: covered, short: quantity - covered })`,
        put: `      promise.quantity += covered
      promises.set(line.id, promise)
      touched.add(line.id)
      move('reservation', line.variantId, cause, { reserved: covered })`,
      },
    ],
  },
  {
    name: 'dup-line',
    what: 'of two lines of one SKU in an order only the last one is booked',
    patches: [
      {
        file: 'src/domain/intake.ts',
        find: '  for (const line of order.lines) {\n    const before =',
        put: '  for (const line of new Map(order.lines.map((one) => [one.remoteSku, one])).values()) {\n    const before =',
      },
    ],
  },
  // Beyond the first twelve: what an earlier simulation could not find.
  {
    name: 'answer-taken-as-proof',
    what: 'an accepted write counts as what stands there',
    patches: [
      {
        file: 'src/domain/slots.ts',
        find: `      return { ...slot, live: { ...live, acceptedAt: now }, readDueAt: readAfter(now, 0) }`,
        put: `      return { ...slot, live: null, confirmed: { value: live.value, at: now, version }, readDueAt: null }`,
      },
    ],
  },
  {
    name: 'raise-sent-twice',
    what: 'a call without an answer leaves a second time',
    patches: [
      {
        file: 'src/channels/amazon/client.ts',
        find: 'let answer = await send(account, one)',
        put: 'let answer = await send(account, one).catch(() => send(account, one))',
      },
    ],
  },
]
