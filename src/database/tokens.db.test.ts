import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { printCount, tokenCallers } from '../../test/support/iterations.ts'
import { createWorld, type World } from '../../test/support/world.ts'
import { connectAccount } from '../operations/connect-account.ts'
import { sleep } from '../system.ts'
import { type Database, openDatabase } from './pool.ts'
import { dropToken, getToken, type TokenStore } from './tokens.ts'

const database = useDatabase()
const hour = 3_600_000

let world: World
let accountId: string
let store: TokenStore
let minted: number
let other: Database
let name = 0
beforeAll(() => {
  other = openDatabase(database.url)
})
afterAll(() => other?.close())
beforeEach(async () => {
  minted = 0
  world = createWorld(database.db, { seed: (name += 1) })
  accountId = await connectAccount(database.db, world.ctx, {
    channel: 'storefront',
    name: `Store ${name}`,
    stage: 'live',
    settings: { webhookUrl: 'https://store.example/hooks' },
    secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
  })
  const { sealing } = world.ctx
  store = {
    seal: (text) => sealing.sealSecret(text, 'token'),
    open: (sealed) => sealing.openSecret(sealed, 'token'),
    now: () => world.clock.now(),
    sleep,
  }
})

const mint = async () => {
  minted += 1
  const value = `Atza|canary-${minted}`
  await sleep(20)
  return { value, expiresAt: new Date(world.clock.now().getTime() + hour) }
}
const token = (db: Database = database.db, make = mint, key = 'access') => getToken(db, store, accountId, key, make)

describe('many callers at once', () => {
  test('share one mint', async () => {
    printCount('callers that want a token at once', tokenCallers)
    const values = await Promise.all(Array.from({ length: tokenCallers }, () => token()))
    expect(minted).toBe(1)
    expect(new Set(values)).toEqual(new Set(['Atza|canary-1']))
  })

  test('share it across processes', async () => {
    // Callers of one module share their work before the database is asked; a process of its own does not.
    const url = (file: string) => pathToFileURL(`${import.meta.dirname}/${file}`).href
    const script = `
      import { openDatabase } from '${url('pool.ts')}'
      import { getToken } from '${url('tokens.ts')}'
      const db = openDatabase('${database.url}')
      const store = { seal: (text) => Buffer.from(text), open: (sealed) => sealed.toString(), now: () => new Date('${world.clock.now().toISOString()}'), sleep: (ms) => new Promise((done) => setTimeout(done, ms)) }
      let minted = 0
      const mint = async () => { minted += 1; await store.sleep(300); return { value: 'of ' + process.pid, expiresAt: new Date('2027-01-01') } }
      const values = await Promise.all(Array.from({ length: ${tokenCallers / 4} }, () => getToken(db, store, '${accountId}', 'access', mint)))
      await db.close()
      process.stdout.write(JSON.stringify({ minted, values: [...new Set(values)] }))`
    const runs = await Promise.all(
      Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])),
    )
    const told = runs.map(({ stdout }) => JSON.parse(stdout) as { minted: number; values: string[] })
    expect(told.reduce((sum, one) => sum + one.minted, 0)).toBe(1)
    expect(new Set(told.flatMap((one) => one.values)).size).toBe(1)
  })

  test('share a failure, and the next try mints anew', async () => {
    const fail = async () => {
      minted += 1
      await sleep(20)
      throw new Error('refused')
    }
    const results = await Promise.allSettled(
      Array.from({ length: tokenCallers }, () => token(database.db, fail as typeof mint)),
    )
    expect(results.every((one) => one.status === 'rejected' && (one.reason as Error).message === 'refused')).toBe(true)
    expect(minted).toBe(1)
    expect(await token()).toBe('Atza|canary-2')
  })
})

test('a second pool finds the stored token', async () => {
  expect([await token(), await token(other)]).toEqual(['Atza|canary-1', 'Atza|canary-1'])
  expect(minted).toBe(1)
})

test('tokens of other names and accounts are others', async () => {
  expect(await token()).not.toBe(await token(database.db, mint, 'another'))
})

test('a token that ran out is minted anew', async () => {
  await token()
  world.clock.advance(hour - 1)
  expect(await token()).toBe('Atza|canary-1')
  world.clock.advance(1)
  expect(await token()).toBe('Atza|canary-2')
})

test('a process that died minting holds nobody up for longer than a mint may take', async () => {
  const stuck = getToken(
    database.db,
    { ...store, sleep: () => new Promise(() => {}) },
    accountId,
    'access',
    () => new Promise(() => {}),
  )
  void stuck.catch(() => {})
  while (!(await other.one('select 1 from tokens where account_id = $1 and minting_until is not null', [accountId]))) {}
  // Another process, as its own module would see it: it waits, and mints once the time is up.
  let waits = 0
  const patient: TokenStore = {
    ...store,
    async sleep() {
      waits += 1
      world.clock.advance(5_000)
    },
  }
  const claimed = await other.one<{ minting_until: Date }>('select minting_until from tokens where account_id = $1', [
    accountId,
  ])
  expect(claimed!.minting_until).toEqual(new Date(world.clock.now().getTime() + 30_000))
  const { getToken: ofAnotherProcess } = (await import(
    './tokens.ts?another' as './tokens.ts'
  )) as typeof import('./tokens.ts')
  expect(await ofAnotherProcess(other, patient, accountId, 'access', mint)).toBe('Atza|canary-1')
  expect(waits).toBe(6)
})

test('a refused token is dropped, a newer one is kept', async () => {
  const first = await token()
  await dropToken(database.db, store, accountId, 'access', first)
  const second = await token()
  expect(second).toBe('Atza|canary-2')
  await dropToken(database.db, store, accountId, 'access', first)
  expect(await token()).toBe(second)
})

test('is sealed where it is stored', async () => {
  await token()
  const row = await database.db.one<{ sealed: Buffer }>('select sealed from tokens where account_id = $1', [accountId])
  expect(row!.sealed.includes('canary')).toBe(false)
})
