/**
 * Order intake as it is usually printed: a page is fetched, each order becomes a job (`addBulk`, job id = order id), a
 * worker with a concurrency of 16 looks the order up, inserts it with its lines and takes the stock, in one transaction.
 * Finished jobs are kept as the documentation of BullMQ advises: for an hour, at most 1,000.
 */
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import pg from 'pg'
import { serve } from './serve.ts'

const schema = `
  create table stock (sku text primary key, on_hand bigint not null, reserved bigint not null check (reserved <= on_hand));
  create table orders (id bigint generated always as identity primary key, remote_id text not null unique, state text not null,
    placed_at timestamptz not null, updated_at timestamptz not null, currency text, total bigint, raw jsonb not null);
  create table order_lines (id bigint generated always as identity primary key, order_id bigint not null references orders,
    remote_id text not null, sku text not null references stock, quantity bigint not null, unit_price bigint, unique (order_id, remote_id));
`
let pool
let redis
let queue
let worker
let finished = 0
let target = 0
let reached = () => {}

async function importOrder({ data: order }) {
  const client = await pool.connect()
  try {
    await client.query('begin')
    const known = await client.query({
      name: 'find',
      text: 'select id from orders where remote_id = $1',
      values: [order.remoteId],
    })
    if (known.rows.length === 0) await insert(client, order)
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}

async function insert(client, order) {
  const { rows } = await client.query({
    name: 'order',
    text: `insert into orders (remote_id, state, placed_at, updated_at, currency, total, raw) values ($1, $2, $3, $4, $5, $6, $7) returning id`,
    values: [order.remoteId, order.state, order.placedAt, order.updatedAt, order.currency, order.total, order.raw],
  })
  // Stock in one order everywhere, so that two orders never wait for each other.
  for (const line of [...order.lines].sort((a, b) => (a.remoteSku < b.remoteSku ? -1 : 1))) {
    await client.query({
      name: 'line',
      text: `insert into order_lines (order_id, remote_id, sku, quantity, unit_price) values ($1, $2, $3, $4, $5)`,
      values: [rows[0].id, line.remoteId, line.remoteSku, line.quantity, line.unitPrice],
    })
    await client.query({
      name: 'stock',
      text: `update stock set reserved = reserved + $2 where sku = $1 and reserved + $2 <= on_hand`,
      values: [line.remoteSku, line.quantity],
    })
  }
}

function listen(name, removeOnComplete, port) {
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null }
  queue = new Queue(name, { connection, defaultJobOptions: { attempts: 3, removeOnComplete } })
  worker = new Worker(name, importOrder, { connection, concurrency: 16 })
  worker.on('completed', () => {
    finished += 1
    if (finished >= target) reached()
  })
  worker.on('error', (error) => console.error(error))
  return worker.waitUntilReady()
}

serve({
  async open({ url, port, skus, onHand, keep }) {
    pool = new pg.Pool({ connectionString: url, max: 16 })
    redis = new Redis(port, '127.0.0.1')
    if (!keep) await pool.query(schema)
    await pool.query(
      `insert into stock select 'SKU-' || lpad(n::text, 6, '0'), $2, 0 from generate_series(0, $1 - 1) as n on conflict do nothing`,
      [skus, onHand],
    )
    await listen('orders', { age: 3_600, count: 1_000 }, port)
  },
  /** Hands in the pages and waits until everything was worked on. */
  async run({ pages, expect }) {
    finished = 0
    target = expect
    const all = new Promise((resolve) => (reached = resolve))
    const began = performance.now()
    for (const page of pages) {
      await queue.addBulk(page.map((order) => ({ name: 'import', data: order, opts: { jobId: order.remoteId } })))
    }
    // Repeats that the queue itself drops never finish; everything else must.
    if (expect > 0) await all
    else await drained()
    return { tookMs: performance.now() - began, finished }
  },
  async verify({ prefix }) {
    const one = await pool.query(
      `select count(*)::int as orders, count(distinct remote_id)::int as different from orders where remote_id like $1 || '%'`,
      [prefix],
    )
    const lines = await pool.query(
      `select coalesce(sum(l.quantity), 0)::int as units from order_lines l join orders o on o.id = l.order_id where o.remote_id like $1 || '%'`,
      [prefix],
    )
    const stock = await pool.query('select sum(reserved)::int as reserved from stock')
    return { ...one.rows[0], ...lines.rows[0], ...stock.rows[0] }
  },
  async close() {
    await worker?.close()
    await queue?.close()
    await redis?.quit()
    await pool?.end()
  },
})

async function drained() {
  for (;;) {
    const { waiting, active, prioritized } = await queue.getJobCounts('waiting', 'active', 'prioritized')
    if (waiting + active + (prioritized ?? 0) === 0) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
