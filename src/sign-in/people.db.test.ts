import { beforeEach, describe, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, seededBytes, type World } from '../../test/support/world.ts'
import { Problem, type ProblemCode } from '../domain/errors.ts'
import {
  addApiKey,
  addUser,
  callerOfKey,
  callerOfSession,
  endSession,
  isSetupNeeded,
  newSetupToken,
  type RoleName,
  type SignInContext,
  setUpOwner,
  signIn,
  startSession,
  type UserRow,
} from './people.ts'

const database = useDatabase()
const password = 'correct horse battery'
const minute = 60_000
const hour = 60 * minute

let world: World
let people: SignInContext
let round = 0
beforeEach(async () => {
  world = createWorld(database.db, { seed: (round += 1) })
  people = {
    db: database.db,
    clock: world.clock,
    newId: world.ctx.newId,
    sealing: world.ctx.sealing,
    random: seededBytes(world.random),
  }
  for (const table of ['setup_links', 'sign_in_tries', 'sessions', 'api_keys', 'users'])
    await database.db.run(`delete from ${table}`)
})

const add = (role: RoleName = 'viewer', email = 'Ada@example.com'): Promise<UserRow> =>
  addUser(database.db, people, { email, name: 'Ada', role, password, language: 'en' })
const owner = { email: 'Owner@Example.com', name: 'Owner', password, language: 'zh' as const }

/** Code and params of a refusal. */
async function refusal(work: Promise<unknown>): Promise<{ code: ProblemCode; params: Record<string, unknown> }> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(Problem)
  const { code, params } = error as Problem
  return { code, params }
}

describe('the setup link', () => {
  test('makes the owner, once', async () => {
    const token = (await newSetupToken(people))!
    expect(await setUpOwner(people, token, owner)).toMatchObject({
      email: 'owner@example.com',
      role: 'owner',
      language: 'zh',
    })
    expect(await isSetupNeeded(database.db)).toBe(false)
    expect(await refusal(setUpOwner(people, token, { ...owner, email: 'second@example.com' }))).toMatchObject({
      code: 'setup_done',
    })
    expect(await newSetupToken(people)).toBeUndefined()
    // Not even once there is no owner any more.
    await database.db.run(`update users set role = 'viewer'`)
    expect(await refusal(setUpOwner(people, token, owner))).toMatchObject({ code: 'setup_done' })
  })

  test('makes one owner also of many that open it at once', async () => {
    const token = (await newSetupToken(people))!
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => setUpOwner(people, token, { ...owner, email: `o${n}@example.com` })),
    )
    expect(results.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
    expect(await database.db.rows('select 1 from users')).toHaveLength(1)
  })

  test('ends when a newer one is made, and a wrong one opens nothing', async () => {
    const old = (await newSetupToken(people))!
    const token = (await newSetupToken(people))!
    for (const wrong of [old, '', 'x'.repeat(43)])
      expect(await refusal(setUpOwner(people, wrong, owner))).toMatchObject({ code: 'setup_done' })
    expect(await isSetupNeeded(database.db)).toBe(true)
    await setUpOwner(people, token, owner)
  })

  test('is stored as a hash only', async () => {
    const token = (await newSetupToken(people))!
    expect(JSON.stringify(await database.db.rows('select * from setup_links'))).not.toContain(token)
  })
})

describe('signing in', () => {
  test('works with the right password, in whatever case the address is typed', async () => {
    await add('operator')
    for (const email of ['ada@example.com', 'ADA@EXAMPLE.COM'])
      expect(await signIn(people, email, password, '10.0.0.1')).toMatchObject({
        email: 'ada@example.com',
        role: 'operator',
      })
    expect(await signIn(people, 'ada@example.com', password, '10.0.0.1')).not.toHaveProperty('password_hash')
  })

  test('tells a wrong password and an unknown address in the same words', async () => {
    await add()
    expect(await refusal(signIn(people, 'ada@example.com', 'wrong', '10.0.0.1'))).toEqual({
      code: 'wrong_password',
      params: {},
    })
    expect(await refusal(signIn(people, 'nobody@example.com', password, '10.0.0.1'))).toEqual({
      code: 'wrong_password',
      params: {},
    })
  })

  test('is blocked after ten failures, for a quarter of an hour, from that address only', async () => {
    await add()
    for (let tries = 0; tries < 10; tries += 1)
      expect(await refusal(signIn(people, 'ada@example.com', 'wrong', '10.0.0.1'))).toMatchObject({
        code: 'wrong_password',
      })
    expect(await refusal(signIn(people, 'Ada@Example.com', password, '10.0.0.1'))).toEqual({
      code: 'too_many_tries',
      params: { minutes: 15 },
    })
    expect(await signIn(people, 'ada@example.com', password, '10.0.0.2')).toMatchObject({ name: 'Ada' })
    world.clock.advance(14 * minute + 1)
    expect(await refusal(signIn(people, 'ada@example.com', password, '10.0.0.1'))).toEqual({
      code: 'too_many_tries',
      params: { minutes: 1 },
    })
    world.clock.advance(minute)
    expect(await signIn(people, 'ada@example.com', password, '10.0.0.1')).toMatchObject({ name: 'Ada' })
  })

  test('blocks unknown addresses alike', async () => {
    for (let tries = 0; tries < 10; tries += 1) await refusal(signIn(people, 'nobody@example.com', 'wrong', '10.0.0.1'))
    expect(await refusal(signIn(people, 'nobody@example.com', 'wrong', '10.0.0.1'))).toMatchObject({
      code: 'too_many_tries',
    })
  })

  test('forgets failures after a success and after their quarter of an hour', async () => {
    await add()
    const fail = async (count: number) => {
      for (let tries = 0; tries < count; tries += 1)
        expect(await refusal(signIn(people, 'ada@example.com', 'wrong', '10.0.0.1'))).toMatchObject({
          code: 'wrong_password',
        })
    }
    await fail(9)
    await signIn(people, 'ada@example.com', password, '10.0.0.1')
    await fail(9)
    world.clock.advance(15 * minute + 1)
    await fail(9)
    expect(await signIn(people, 'ada@example.com', password, '10.0.0.1')).toMatchObject({ name: 'Ada' })
  })

  test('counts failures that come at once', async () => {
    await add()
    await Promise.all(Array.from({ length: 10 }, () => refusal(signIn(people, 'ada@example.com', 'wrong', '10.0.0.1'))))
    expect(await refusal(signIn(people, 'ada@example.com', password, '10.0.0.1'))).toMatchObject({
      code: 'too_many_tries',
    })
  })

  test('is over for disabled people', async () => {
    const { id } = await add()
    await database.db.run('update users set disabled_at = $2 where id = $1', [id, world.clock.now()])
    expect(await refusal(signIn(people, 'ada@example.com', password, '10.0.0.1'))).toMatchObject({
      code: 'wrong_password',
    })
  })
})

describe('a session', () => {
  test('names its person, and is stored as a hash only', async () => {
    const user = await add('finance')
    const session = await startSession(people, user.id)
    expect(await callerOfSession(people, session.token)).toMatchObject({
      kind: 'user',
      id: user.id,
      role: 'finance',
      csrf: session.csrf,
      user: { email: 'ada@example.com' },
    })
    expect(await callerOfSession(people, `${session.token}x`)).toBeUndefined()
    expect(JSON.stringify(await database.db.rows('select * from sessions'))).not.toContain(session.token)
  })

  test('ends after twelve idle hours; use keeps it for a week, no longer', async () => {
    const { id } = await add()
    const idle = await startSession(people, id)
    const used = await startSession(people, id)
    world.clock.advance(11 * hour)
    expect(await callerOfSession(people, used.token)).toBeDefined()
    world.clock.advance(hour)
    expect(await callerOfSession(people, idle.token)).toBeUndefined()
    for (let hours = 12; hours < 7 * 24 - 4; hours += 4) {
      world.clock.advance(4 * hour)
      expect(await callerOfSession(people, used.token), `${hours} hours`).toBeDefined()
    }
    world.clock.set(used.expiresAt)
    expect(await callerOfSession(people, used.token)).toBeUndefined()
  })

  test('follows its person: a new role at once, none when disabled', async () => {
    const { id } = await add('owner')
    const { token } = await startSession(people, id)
    await database.db.run(`update users set role = 'viewer' where id = $1`, [id])
    expect(await callerOfSession(people, token)).toMatchObject({ role: 'viewer' })
    await database.db.run('update users set disabled_at = $2 where id = $1', [id, world.clock.now()])
    expect(await callerOfSession(people, token)).toBeUndefined()
  })

  test('ends by signing out, alone', async () => {
    const { id } = await add()
    const [one, two] = [await startSession(people, id), await startSession(people, id)]
    await endSession(people.db, people, one.token)
    expect(await callerOfSession(people, one.token)).toBeUndefined()
    expect(await callerOfSession(people, two.token)).toBeDefined()
  })
})

describe('an API key', () => {
  test('names its caller until it is revoked', async () => {
    const { id, key } = await addApiKey(database.db, people, 'Store', 'operator')
    expect(key).toMatch(/^ek_[\w-]{43}$/)
    expect(await callerOfKey(people, key)).toEqual({
      kind: 'key',
      id,
      name: 'Store',
      role: 'operator',
      user: null,
      csrf: null,
    })
    for (const wrong of [key.slice(0, -1), key.slice(3), '', 'ek_', `${key} `])
      expect(await callerOfKey(people, wrong)).toBeUndefined()
    await database.db.run('update api_keys set revoked_at = $2 where id = $1', [id, world.clock.now()])
    expect(await callerOfKey(people, key)).toBeUndefined()
  })

  test('is stored as a hash, with a prefix to know it by', async () => {
    const { key, prefix } = await addApiKey(database.db, people, 'Store', 'operator')
    expect(key.startsWith(prefix)).toBe(true)
    expect(prefix).toHaveLength(8)
    expect(JSON.stringify(await database.db.rows('select * from api_keys'))).not.toContain(key.slice(8))
  })
})

test('an address has one person', async () => {
  await add()
  expect(await refusal(add('owner', 'ADA@EXAMPLE.COM'))).toMatchObject({ code: 'bad_request' })
})
