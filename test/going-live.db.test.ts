/** Going live: with checks that passed lately, or by a word that is written down; and what two people do to one draft at once. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { raise } from '../src/database/findings.ts'
import {
  amazonSecrets,
  amazonSettings,
  type Connecting,
  openConnecting,
  type Person,
  stepsOf,
} from './support/connecting.ts'
import { useDatabase } from './support/database.ts'

const own = useDatabase()
let it: Connecting
let owner: Person
let steps: ReturnType<typeof stepsOf>
beforeAll(async () => {
  it = await openConnecting(own.db)
  owner = it.owner
  steps = stepsOf(it)
})
afterAll(() => it?.close())

let sellers = 0
/** Connects in one call; the simulated seller is a new one to the hub each time. */
async function connect(stage: string, more: object = {}) {
  await own.db.run("update accounts set identity = id::text where identity like 'A1SIM%'")
  const settings = amazonSettings(it.url)
  const name = `Whole ${(sellers += 1)}`
  return await owner.ask('POST', '/accounts', {
    ...{ channel: 'amazon', name, stage, settings, secrets: amazonSecrets },
    ...more,
  })
}
const stageOf = async (id: string) => (await owner.ask('GET', `/accounts/${id}`)).body.stage
const words = async (id: string) =>
  await own.db.rows<{ by: string }>('select by from live_overrides where account_id = $1', [id])
const findings = async (id: string) =>
  await own.db.rows<{ resolved: boolean; data: { by: string } }>(
    `select resolved_at is not null as resolved, data from findings where code = 'live_unchecked' and account_id = $1`,
    [id],
  )

test('an account that is connected in one call does not begin live', async () => {
  const refused = await connect('live')
  expect([refused.status, refused.body.code]).toEqual([409, 'checks_missing'])
  expect((await connect('shadow')).status).toBe(201)
})

test('a change of the stage to live needs checks, passed within a day', async () => {
  const { id } = (await connect('shadow')).body
  const live = () => owner.ask('PATCH', `/accounts/${id}`, { stage: 'live' })
  expect((await live()).body.code).toBe('checks_missing')
  await steps.check(id)
  await own.db.run(`update check_rounds set ended_at = ended_at - interval '25 hours' where account_id = $1`, [id])
  expect((await live()).body.code).toBe('checks_old')
  expect(await stageOf(id)).toBe('shadow')
  await own.db.run(`update check_rounds set ended_at = ended_at + interval '25 hours' where account_id = $1`, [id])
  expect((await live()).status).toBe(200)
  expect(await words(id)).toEqual([])
  // Live already: nothing is asked anew, whatever else changes.
  await own.db.run('delete from check_rounds where account_id = $1', [id])
  expect((await owner.ask('PATCH', `/accounts/${id}`, { stage: 'live', name: `Again ${id}` })).status).toBe(200)
})

test('without checks only by an explicit word, which is kept and shown until checks pass', async () => {
  const { status, body } = await connect('live', { withoutChecks: true })
  expect([status, body.stage]).toEqual([201, 'live'])
  expect(await words(body.id)).toEqual([{ by: 'owner@example.com' }])
  expect(await findings(body.id)).toEqual([
    { resolved: false, data: expect.objectContaining({ by: 'owner@example.com' }) },
  ])
  await steps.check(body.id)
  expect((await findings(body.id)).map((one) => one.resolved)).toEqual([true])
  expect(await words(body.id)).toHaveLength(1)
})

test('no word helps against another writer', async () => {
  const { id, name } = (await connect('shadow')).body
  const { ctx } = it.world
  const about = { severity: 'loss' as const, accountId: id as string, subject: `account:${id}` }
  await raise(
    own.db,
    [{ ...about, code: 'another_writer', data: { account: name, sku: 'MUG' } }],
    ctx.clock.now(),
    ctx.newId,
  )
  const answer = await owner.ask('PATCH', `/accounts/${id}`, { stage: 'live', withoutChecks: true })
  expect(answer.body.code).toBe('another_writer_active')
  expect([await stageOf(id), await words(id)]).toEqual(['shadow', []])
})

test('a draft that is finished while another throws it away is there, or is not; never both', async () => {
  for (let round = 0; round < 8; round += 1) {
    const { id } = await steps.draft({ secrets: amazonSecrets })
    const [finished, removed] = await Promise.all([
      owner.ask('POST', `/accounts/${id}/finish`, { stage: 'shadow' }),
      owner.ask('DELETE', `/accounts/${id}/draft`),
    ])
    const isThere = (await own.db.rows('select 1 from accounts where id = $1', [id])).length === 1
    expect([finished.status < 300, removed.status < 300]).toEqual(isThere ? [true, false] : [false, true])
    expect([finished.status, removed.status].every((one) => one < 500)).toBe(true)
  }
})

test('secrets that two people give to one draft at once are both kept', async () => {
  for (let round = 0; round < 6; round += 1) {
    const { id } = await steps.draft({ secrets: {} })
    const given = Object.entries(amazonSecrets)
    await Promise.all(
      given.map(([name, value]) => owner.ask('PATCH', `/accounts/${id}/draft`, { secrets: { [name]: value } })),
    )
    const { secrets } = await steps.connection(id)
    expect(
      secrets
        .filter((one: { given: boolean }) => one.given)
        .map((one: { name: string }) => one.name)
        .sort(),
    ).toEqual(given.map(([name]) => name).sort())
  }
})
