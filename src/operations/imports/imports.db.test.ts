/** Files of each kind: good rows stay, bad ones come back, repeats change nothing, crashes lose and double nothing. */
import { beforeAll, describe, expect, test } from 'vitest'
import { useDatabase } from '../../../test/support/database.ts'
import { badRows, countsOf, importFile, upload, work } from '../../../test/support/imports.ts'
import { createWorld, type World } from '../../../test/support/world.ts'
import { insertAccount } from '../../database/accounts.ts'
import { claimImport } from '../../database/imports.ts'
import { levelOf } from '../../database/views/stock.ts'
import { exportCsv } from '../export-lists.ts'
import { importOrders } from '../import-orders.ts'
import { addLocation, addProduct } from '../manage-catalog.ts'
import { changeImport, mustGetImport, receiveFile, runImport } from './manage.ts'
import { workOnImport } from './work.ts'

const own = useDatabase()
let world: World
const accountId = '00000000-0000-7000-8000-000000000001'

beforeAll(async () => {
  world = createWorld(own.db)
  const { ctx } = world
  for (const [code, priority] of [
    ['MAIN', 1],
    ['SIDE', 2],
  ] as const)
    await own.db.transaction((tx) => addLocation(tx, ctx, { code, name: code, kind: 'own', priority }))
  await insertAccount(own.db, {
    id: accountId,
    channel: 'storefront',
    name: 'Store',
    stage: 'live',
    region: '',
    identity: null,
    settings: {},
    opened_at: new Date('2026-11-22T07:00:00Z'),
    created_at: new Date('2026-11-22T07:00:00Z'),
  })
  for (const sku of ['CUP', 'POT', 'PAN'])
    await own.db.transaction((tx) => addProduct(tx, ctx, { title: sku, variants: [{ sku }] }))
})

const reasons = async (row: Awaited<ReturnType<typeof importFile>>) =>
  (await badRows(world.ctx, row)).map(({ row: number, reason }) => [Number(number), reason])
const onHand = async (sku: string) => (await levelOf(own.db, sku))!.onHand
async function exported(kind: Parameters<typeof exportCsv>[1]): Promise<string> {
  let text = ''
  for await (const part of exportCsv(world.ctx, kind, {})) text += part
  return text
}

test('variants: added, changed, left alone; a repeat changes nothing', async () => {
  const text =
    'Product;SKU;Title;EAN\r\nTea set;T-1;"Cup; small";4006381333931\r\nTea set;T-2;Pot;\r\n;;none;\r\n;CUP;Big cup;12\r\n'
  const first = await importFile(world.ctx, { kind: 'variants' }, text)
  expect(first).toMatchObject({ state: 'done', delimiter: ';', preview: { new: 2, changed: 0, same: 0, bad: 2 } })
  expect(countsOf(first)).toEqual([2, 0, 0, 2])
  expect(await reasons(first)).toEqual([
    [4, 'missing'],
    [5, 'bad_gtin'],
  ])
  const products = await own.db.rows(
    `select p.title, count(*) as n from products p join variants v on v.product_id = p.id where v.sku like 'T-%' group by 1`,
  )
  expect(products).toEqual([{ title: 'Tea set', n: 2 }])
  expect(countsOf(await importFile(world.ctx, { kind: 'variants' }, text))).toEqual([0, 0, 2, 2])
  expect(countsOf(await importFile(world.ctx, { kind: 'variants' }, 'sku,title\nT-1,Cup\nT-2,\n'))).toEqual([
    0, 1, 1, 0,
  ])
})

describe('encodings', () => {
  const text = 'SKU,标题\r\nE-1,青花瓷杯\r\n'
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')])
  // 青花瓷杯 and 标题 as GB18030 writes them.
  const gb = Buffer.concat([
    Buffer.from('SKU,'),
    Buffer.from('b1eacce2', 'hex'),
    Buffer.from('\r\nE-1,'),
    Buffer.from('c7e0bba8b4c9b1ad', 'hex'),
    Buffer.from('\r\n'),
  ])
  test.each([
    ['utf-8', Buffer.from(text)],
    ['utf-8', Buffer.from(`\uFEFF${text.replaceAll('\r\n', '\n')}`)],
    ['utf-16le', utf16],
    ['gb18030', gb],
  ])('%s', async (encoding, bytes) => {
    const done = await importFile(world.ctx, { kind: 'variants' }, bytes)
    expect(done).toMatchObject({ encoding, rows_bad: 0 })
    expect(await own.db.one(`select title from variants where sku = 'E-1'`)).toEqual({ title: '青花瓷杯' })
    await own.db.run(`update variants set title = 'x' where sku = 'E-1'`)
  })

  test('what is no text is refused with what to do, and leaves nothing', async () => {
    for (const [bytes, code] of [
      [Buffer.from('PK\x03\x04rest'), 'file_is_workbook'],
      [Buffer.from([1, 0, 2]), 'file_unreadable'],
      [Buffer.alloc(0), 'file_unreadable'],
    ] as const)
      await expect(upload(world.ctx, { kind: 'variants' }, bytes)).rejects.toMatchObject({ code })
    expect(await own.db.rows(`select 1 from imports where state = 'uploading'`)).toEqual([])
  })

  test('a quotation mark that never ends is found before anything changes', async () => {
    const id = await upload(world.ctx, { kind: 'variants' }, `sku,title\nQ-1,a\nQ-2,"b\n${'x,y\n'.repeat(10)}`)
    await work(world.ctx)
    expect(await mustGetImport(own.db, id)).toMatchObject({ state: 'failed', failure: { code: 'quote_open' } })
    expect(await own.db.one(`select 1 from variants where sku = 'Q-1'`)).toBeUndefined()
  })
})

test('counts: the difference to the books, by location, with preview; a repeat changes nothing', async () => {
  const text =
    '商品编码,仓库,盘点数量,不可售\nCUP,MAIN,10,2\nCUP,SIDE,5,\nNONE,MAIN,1,\nPOT,MOON,1,\nPOT,MAIN,3,4\nPOT,MAIN,x,\n'
  const countedAt = '2026-11-22T07:30:00Z'
  const first = await importFile(world.ctx, { kind: 'stock', countedAt }, text)
  expect(countsOf(first)).toEqual([2, 0, 0, 4])
  expect(await reasons(first)).toEqual([
    [4, 'unknown_sku'],
    [5, 'unknown_location'],
    [6, 'below_unsellable'],
    [7, 'not_a_number'],
  ])
  expect(await levelOf(own.db, 'CUP')).toMatchObject({ onHand: 15, unsellable: 2 })
  expect(countsOf(await importFile(world.ctx, { kind: 'stock', countedAt }, text))).toEqual([0, 0, 2, 4])
  const corrected = await importFile(world.ctx, { kind: 'stock', countedAt }, 'sku,location,quantity\nCUP,MAIN,12\n')
  expect(countsOf(corrected)).toEqual([0, 1, 0, 0])
  expect(await onHand('CUP')).toBe(17)
  const older = await importFile(
    world.ctx,
    { kind: 'stock', countedAt: '2026-11-22T07:00:00Z' },
    'sku,location,quantity\nCUP,MAIN,1\n',
  )
  expect(await reasons(older)).toEqual([[2, 'older_count']])
})

test('mappings: linked, known, taken; orders that waited take their stock', async () => {
  const order = {
    placedAt: new Date('2026-11-22T07:50:00Z'),
    updatedAt: new Date('2026-11-22T07:50:00Z'),
    state: 'open' as const,
  }
  const line = { remoteId: '1', remoteSku: 'R-PAN', title: '', quantity: 2, shipped: 0, canceled: 0, unitPrice: null }
  const waiting = {
    ...order,
    remoteId: 'W',
    fulfilledBy: null,
    marketplace: null,
    currency: null,
    total: null,
    shipBy: null,
    deliverBy: null,
    lines: [line],
    buyer: null,
    raw: null,
  }
  await own.db.transaction((tx) => importOrders(tx, world.ctx, { id: accountId, openedAt: new Date(0) }, [waiting]))
  await importFile(world.ctx, { kind: 'stock' }, 'sku,location,quantity\nPAN,MAIN,7\n')
  const text = 'remote sku,sku,units per sale\nR-PAN,PAN,1\nR-PAN6,PAN,6\nR-X,NONE,\nR-Y,CUP,0\n'
  const first = await importFile(world.ctx, { kind: 'mappings', account: 'Store' }, text)
  expect(countsOf(first)).toEqual([2, 0, 0, 2])
  expect(await reasons(first)).toEqual([
    [4, 'unknown_sku'],
    [5, 'not_a_number'],
  ])
  expect(await levelOf(own.db, 'PAN')).toMatchObject({ onHand: 7, reserved: 2 })
  expect(countsOf(await importFile(world.ctx, { kind: 'mappings', account: 'Store' }, text))).toEqual([0, 0, 2, 2])
  const taken = await importFile(world.ctx, { kind: 'mappings', account: 'Store' }, 'remoteSku,sku\nR-PAN,CUP\n')
  expect(await reasons(taken)).toEqual([[2, 'listing_taken']])
})

test('orders: whole or not at all, older versions change nothing', async () => {
  const head = 'order,status,order date,updated,sku,qty,unit price,currency'
  const text = [
    head,
    'O-1,shipped,2026-11-01 10:00,2026-11-02 10:00,R-PAN,1,9.90,USD',
    'O-1,shipped,2026-11-01 10:00,2026-11-02 10:00,R-CUP,2,3,USD',
    'O-2,open,2026-11-21 10:00,2026-11-21 10:00,R-PAN,1,,',
    'O-3,open,2026-11-21 10:00,2026-11-21 10:00,R-PAN,1,,',
    'O-3,open,2026-11-21 10:00,2026-11-21 10:00,R-CUP,none,,',
    'O-4,open,2026-11-21 10:00,,R-PAN,1,,',
    'O-5,open,2026-11-21 10:00,,R-PAN,1,,',
    'O-4,open,2026-11-21 10:00,,R-CUP,1,,',
    'O-6,open,2026-11-21 10:00,,R-PAN,1,,',
    'O-6,shipped,2026-11-21 10:00,,R-CUP,1,,',
  ].join('\n')
  const first = await importFile(world.ctx, { kind: 'orders', account: 'Store' }, text)
  expect(await reasons(first)).toEqual([
    [5, 'order_has_bad_row'],
    [6, 'not_a_number'],
    [7, 'order_not_together'],
    [9, 'order_not_together'],
    [10, 'order_has_bad_row'],
    [11, 'order_rows_differ'],
  ])
  expect(countsOf(first)).toEqual([4, 0, 0, 6])
  expect(await own.db.one(`select total, before_opening from orders where remote_id = 'O-1'`)).toEqual({
    total: 1_590,
    before_opening: true,
  })
  expect(await levelOf(own.db, 'PAN')).toMatchObject({ onHand: 7, reserved: 4 })
  expect(countsOf(await importFile(world.ctx, { kind: 'orders', account: 'Store' }, text))).toEqual([0, 0, 4, 6])
})

test('an opening balance settles which orders had left, through the database and in either order', async () => {
  const sales = (sku: string) =>
    [
      'order,state,placedAt,shippedAt,sku,quantity',
      `${sku}-1,shipped,2026-11-22T05:00:00Z,2026-11-22T05:30:00Z,${sku},1`,
      `${sku}-2,shipped,2026-11-22T05:00:00Z,2026-11-22T06:30:00Z,${sku},2`,
      `${sku}-3,shipped,2026-11-22T07:10:00Z,2026-11-22T07:20:00Z,${sku},4`,
      `${sku}-4,open,2026-11-22T05:00:00Z,,${sku},3`,
    ].join('\n')
  const count = (sku: string) => `sku,location,quantity\n${sku},MAIN,3\n${sku},SIDE,17\n`
  const countedAt = '2026-11-22T06:00:00Z'
  for (const sku of ['OA', 'OB']) {
    await own.db.transaction((tx) => addProduct(tx, world.ctx, { title: sku, variants: [{ sku }] }))
    await importFile(world.ctx, { kind: 'mappings', account: 'Store' }, `remoteSku,sku\n${sku},${sku}\n`)
  }
  await importFile(world.ctx, { kind: 'stock', countedAt }, count('OA'))
  await importFile(world.ctx, { kind: 'orders', account: 'Store' }, sales('OA'))
  await importFile(world.ctx, { kind: 'orders', account: 'Store' }, sales('OB'))
  await importFile(world.ctx, { kind: 'stock', countedAt }, count('OB'))
  for (const sku of ['OA', 'OB'])
    expect(await levelOf(own.db, sku), sku).toMatchObject({ onHand: 14, reserved: 3, short: 0 })
  const places = await own.db.rows<{ sku: string; code: string; onHand: number }>(
    `select v.sku, l.code, s.on_hand as "onHand" from stock_levels s join variants v on v.id = s.variant_id join locations l on l.id = s.location_id
     where v.sku in ('OA', 'OB') and s.on_hand > 0 order by 1, 2`,
  )
  expect(places).toEqual([
    { sku: 'OA', code: 'SIDE', onHand: 14 },
    { sku: 'OB', code: 'SIDE', onHand: 14 },
  ])
  const same = await importFile(world.ctx, { kind: 'stock', countedAt }, count('OB'))
  expect(countsOf(same)).toEqual([0, 0, 2, 0])
})

describe('work', () => {
  const rows = 60
  const text = `sku,location,quantity\n${Array.from({ length: rows }, (_, n) => `W-${n},MAIN,${n + 1}`).join('\n')}\n`
  const variants = `sku,title\n${Array.from({ length: rows }, (_, n) => `W-${n},W`).join('\n')}\n`
  const units = async () =>
    (await own.db.one<{ n: number }>(
      `select sum(p.on_hand)::bigint as n from pool_levels p join variants v on v.id = p.variant_id where v.sku like 'W-%'`,
    ))!.n

  test('goes on behind the last batch after a crash, and the one that crashed writes nothing any more', async () => {
    const { ctx, clock } = world
    await importFile(ctx, { kind: 'variants' }, variants)
    const id = await upload(ctx, { kind: 'stock' }, text)
    await work(ctx)
    await own.db.transaction((tx) => runImport(tx, ctx, id))
    let batches = 0
    const dying = {
      ...ctx,
      db: {
        ...ctx.db,
        transaction: async <T>(run: Parameters<typeof ctx.db.transaction<T>>[0]) => {
          if ((batches += 1) > 3) throw Object.assign(new Error('connection terminated'), { code: '57P01' })
          return await ctx.db.transaction(run)
        },
      },
    }
    await expect(workOnImport(dying, { holder: 'dying', batchSize: 10 })).rejects.toThrow('terminated')
    expect(await mustGetImport(own.db, id)).toMatchObject({ state: 'running', rows_done: 30 })
    // Its lease still runs: nobody else may touch it.
    expect(await workOnImport(ctx, { holder: 'other' })).toBe(false)
    clock.advance(31_000)
    expect(await workOnImport(ctx, { holder: 'other', batchSize: 10 })).toBe(true)
    expect(countsOf(await mustGetImport(own.db, id))).toEqual([rows, 0, 0, 0])
    expect(await units()).toBe((rows * (rows + 1)) / 2)
  })

  test('is done by one worker, however many look for it', async () => {
    const id = await upload(world.ctx, { kind: 'stock' }, text.replaceAll(/,(\d+)\n/g, ',5\n'))
    const taken = await Promise.all(
      Array.from({ length: 4 }, (_, n) => workOnImport(world.ctx, { holder: `worker ${n}` })),
    )
    expect(taken.filter(Boolean)).toHaveLength(1)
    await own.db.transaction((tx) => runImport(tx, world.ctx, id))
    const ran = await Promise.all(
      Array.from({ length: 4 }, (_, n) => workOnImport(world.ctx, { holder: `w ${n}`, batchSize: 7 })),
    )
    expect(ran.filter(Boolean)).toHaveLength(1)
    expect(await units()).toBe(rows * 5)
  })

  test('a stale worker’s batch is refused once another one took over', async () => {
    const { ctx, clock } = world
    const id = await upload(ctx, { kind: 'stock' }, text.replaceAll(/,(\d+)\n/g, ',6\n'))
    await work(ctx)
    await own.db.transaction((tx) => runImport(tx, ctx, id))
    let isFirst = true
    const sleepy = {
      ...ctx,
      db: {
        ...ctx.db,
        transaction: async <T>(run: Parameters<typeof ctx.db.transaction<T>>[0]) => {
          if (isFirst) {
            isFirst = false
            clock.advance(60_000)
            await claimImport(own.db, { holder: 'other', asOf: clock.now(), leaseMs: 30_000, now: clock.now() })
          }
          return await ctx.db.transaction(run)
        },
      },
    }
    expect(await workOnImport(sleepy, { holder: 'sleepy' })).toBe(true)
    expect(await units()).toBe(rows * 5)
    clock.advance(60_000)
    await work(ctx)
    expect(await units()).toBe(rows * 6)
  })

  test('a corrected mapping is checked anew; asking twice runs once', async () => {
    const { ctx } = world
    const id = await upload(ctx, { kind: 'stock', location: 'MAIN' }, 'sku,pieces\nW-1,9\n')
    await work(ctx)
    expect(await mustGetImport(own.db, id)).toMatchObject({ state: 'checked', preview: null })
    await expect(own.db.transaction((tx) => runImport(tx, ctx, id))).rejects.toMatchObject({ code: 'import_closed' })
    await own.db.transaction((tx) => changeImport(tx, ctx, id, { mapping: { sku: 0, quantity: 1 } }))
    await work(ctx)
    for (let n = 0; n < 2; n += 1) {
      await own.db.transaction((tx) => runImport(tx, ctx, id))
      await work(ctx)
    }
    expect(countsOf(await mustGetImport(own.db, id))).toEqual([0, 1, 0, 0])
    await expect(own.db.transaction((tx) => changeImport(tx, ctx, id, {}))).rejects.toMatchObject({
      code: 'import_closed',
    })
  })
})

test('exports come back as they went, formulas included, and hold nothing that would run', async () => {
  const titles = ['=1+1', '@SUM(A1)', '-5+3', '＝1', "'=quoted", 'a,"b"\nc']
  for (const [n, title] of titles.entries())
    await own.db.transaction((tx) => addProduct(tx, world.ctx, { title, variants: [{ sku: `=F-${n}`, title }] }))
  for (const kind of ['variants', 'stock', 'mappings', 'orders'] as const) {
    const text = await exported(kind)
    expect(text, kind).not.toMatch(/(^|,)"?[=@＝＋－＠]/m)
    const back = await importFile(world.ctx, { kind }, text)
    expect([kind, back.rows_new, back.rows_changed, back.rows_bad]).toEqual([kind, 0, 0, 0])
    expect(back.rows_same, kind).toBeGreaterThan(3)
  }
})

test('nothing of a file stands in the database as it was', async () => {
  const canary = 'canary-Ada-Lovelace'
  const text = `order,state,placedAt,sku,quantity,buyer name\n${canary}1,odd,2026-11-01,R-PAN,1,${canary}\n`
  const id = await upload(world.ctx, { kind: 'orders', account: 'Store' }, text)
  await work(world.ctx)
  await own.db.transaction((tx) => runImport(tx, world.ctx, id))
  await work(world.ctx)
  expect(await reasons(await mustGetImport(own.db, id))).toEqual([[2, 'unknown_word']])
  for (const table of ['imports', 'import_chunks', 'import_bad_rows']) {
    const found = await own.db.one<{ n: number }>(
      `select count(*) as n from ${table} t where t::text like '%' || $1 || '%' or t::text like '%' || $2 || '%'`,
      [canary, Buffer.from(canary).toString('hex')],
    )
    expect([table, found!.n]).toEqual([table, 0])
  }
})

test('a file that is too large is refused while it comes', async () => {
  let sent = 0
  async function* endless() {
    for (;;) {
      sent += 1
      yield Buffer.alloc(1024 * 1024, 'a')
    }
  }
  const given = { kind: 'variants' as const, fileName: 'x', createdBy: 'x' }
  await expect(receiveFile(world.ctx, given, endless())).rejects.toMatchObject({ code: 'file_too_large' })
  expect(sent).toBeLessThan(60)
  expect(await own.db.rows(`select 1 from imports where state = 'uploading'`)).toEqual([])
})
