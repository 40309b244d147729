/** One of everything that is hard to carry from one database to another. */
import { ensureJournalDays, insertCalls, storedCall } from '../../src/database/journal.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import { addProduct, linkListing } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { reserveAll } from '../../src/operations/reserve-stock.ts'
import { startSession } from '../../src/sign-in/people.ts'
import { seededBytes, type World, workFor } from './world.ts'

/** A database with one of everything that is hard to carry over. */
export async function fillWithEverything({ ctx, clock, random: chance }: World): Promise<void> {
  const { db } = ctx
  await ensureJournalDays(db, clock.now())
  await db.transaction(async (tx) => {
    await tx.run(
      `insert into locations (id, code, name, kind, master, priority, created_at) values ($1, 'MAIN', $2, 'own', 'hub', 1, $3)`,
      [ctx.newId(), 'Tab\there, \\. back\\slash\nand a line — 仓库 🏬', clock.now()],
    )
    await connectAccount(tx, ctx, {
      channel: 'storefront',
      name: 'Store',
      stage: 'live',
      settings: { webhookUrl: 'https://store.example/hooks' },
      secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
    })
    for (const sku of ['MUG', 'LAMP', 'BOWL']) {
      await addProduct(tx, ctx, { title: sku, variants: [{ sku }] })
      await moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity: 50 }, 'test')
      await linkListing(tx, ctx, {
        account: 'Store',
        remoteSku: sku,
        sku,
        unitsPerSale: 1,
        marketplace: '',
        fulfilledBy: 'merchant',
      })
    }
  })
  const { row } = await workFor(ctx, 'Store', 'a holder')
  await db.transaction((tx) =>
    reserveAll(tx, ctx, [
      { account: row, request: { reference: 'r-1', lines: [{ sku: 'MUG', quantity: 3 }], expiresInSeconds: 900 } },
    ]),
  )
  await db.run(
    `insert into webhook_endpoints (id, url, events, secret_sealed, created_at) values ($1, 'https://x.example', $2, $3, $4)`,
    [ctx.newId(), ['order.imported', 'a "quoted", one'], Buffer.from([0, 1, 10, 13, 92, 255]), clock.now()],
  )
  await db.run(
    `update stock_slots set version = 4, live_value = 9, live_version = 4, live_sent_at = $1, confirmed_value = 12, confirmed_version = 3,
       confirmed_at = $1, retry_at = $1, claim = 3 where remote_sku = 'LAMP'`,
    [clock.now()],
  )
  await db.run(
    `update pool_levels set claimed = 3, unknown_claims = 0 where variant_id = (select id from variants where sku = 'LAMP')`,
  )
  await db.run(`insert into tokens (account_id, name, sealed, expires_at) values ($1, 't', '\\x00', $2)`, [
    row.id,
    clock.now(),
  ])
  await db.run(
    `insert into cursors (account_id, stream, value, next_at, failures, failure) values ($1, 'orders', '{"a":"x\\ty"}', $2, 3, '{}')`,
    [row.id, new Date(clock.now().getTime() + 9_999_999)],
  )
  await db.run(
    `insert into effects (id, account_id, kind, subject, intent, epoch, intended_at) values ($1, $2, 'stock.push', 's', '{}', 1, $3)`,
    [ctx.newId(), row.id, clock.now()],
  )
  const call = { operation: 'o', method: 'GET', url: 'u', request: { a: '\u0001' }, status: 200, response: null }
  const times = { requestId: null, error: null, durationMs: 1 }
  const days = [0, 1, 400].map((day) => new Date(clock.now().getTime() - day * 86_400_000))
  await insertCalls(
    db,
    Array.from({ length: 300 }, (_, n) => storedCall({ ...call, ...times, startedAt: days[n % 3]! }, null)),
    ctx.newId,
  )
  const people = { db, clock, newId: ctx.newId, sealing: ctx.sealing, random: seededBytes(chance) }
  const user = ctx.newId()
  await db.run(
    `insert into users (id, email, name, role, password_hash, created_at) values ($1, 'a@b.example', 'A', 'owner', 'x', $2)`,
    [user, clock.now()],
  )
  await startSession(people, user)
}
