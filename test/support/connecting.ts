/** Connecting against the simulated Amazon behind a real port: an API with a person who is signed in, and a worker's turn. */
import type { FastifyInstance } from 'fastify'
import { expect } from 'vitest'
import { createSimulator, demoCatalog, serveSimulator } from '../../simulator/index.ts'
import { createMetrics } from '../../src/api/metrics.ts'
import { buildApi } from '../../src/api/server.ts'
import type { Database } from '../../src/database/pool.ts'
import { runAskedChecks } from '../../src/operations/check-account.ts'
import { createReservationDesk } from '../../src/operations/reservation-desk.ts'
import { addUser } from '../../src/sign-in/people.ts'
import { sleep } from '../../src/system.ts'
import { createWorld, seededBytes, type World } from './world.ts'

export const publicUrl = 'http://hub.example'
export const redirectUri = `${publicUrl}/connect/callback`
const password = 'correct horse battery'

export const amazonSecrets = {
  clientId: 'amzn1.application-oa2-client.simulated',
  clientSecret: 'amzn1.oa2-cs.v1.simulated',
  refreshToken: 'Atzr|simulated',
}
export const amazonSettings = (url: string) => ({
  sellerId: 'A1SIMULATEDSEL',
  region: 'na',
  marketplaceIds: ['ATVPDKIKX0DER'],
  applicationId: 'amzn1.sp.solution.simulated',
  endpoint: `${url}/amazon`,
  tokenEndpoint: `${url}/lwa/auth/o2/token`,
  consentPage: `${url}/amazon/apps/authorize/consent`,
})

export interface Person {
  ask(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    url: string,
    payload?: object,
    language?: string,
  ): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }>
  /** Opens an address as the person's browser does. */
  open(url: string): Promise<{ status: number; location: string; text: string }>
}

export interface Connecting {
  world: World
  app: FastifyInstance
  url: string
  owner: Person
  nobody: Person
  signIn(email: string): Promise<Person>
  control(path: string, body: object): Promise<void>
  calm(): Promise<void>
  /** The simulated store takes what is signed with it. */
  knowSecret(webhookSecret: string): void
  /** A worker's turn at the checks that were asked for. */
  work(): Promise<void>
  close(): Promise<void>
}

export async function openConnecting(db: Database): Promise<Connecting> {
  const simulator = createSimulator({
    seed: 1,
    catalog: demoCatalog(),
    woocommerce: {},
    history: { orders: 10, days: 5 },
  })
  const served = await serveSimulator(simulator, { port: 0 })
  const world = createWorld(db, { now: () => simulator.now(), fetch })
  const { ctx } = world
  ctx.sleep = sleep
  const people = { db, clock: ctx.clock, newId: ctx.newId, sealing: ctx.sealing, random: seededBytes(world.random) }
  const app = await buildApi({
    ctx,
    people,
    publicUrl,
    demo: null,
    desk: createReservationDesk(ctx),
    metrics: createMetrics(db, ctx.clock),
    ready: async () => true,
    dashboard: () => Promise.reject(new Error('none')),
  })
  let times = 0
  const asPerson = (headers: Record<string, string>): Person => ({
    async ask(method, url, payload, language = 'en') {
      const answer = await app.inject({
        method,
        url: `/api/v1${url}`,
        headers: {
          ...headers,
          'accept-language': language,
          ...(method === 'POST' ? { 'idempotency-key': `key ${(times += 1)}` } : {}),
        },
        ...(payload ? { payload } : {}),
      })
      return { status: answer.statusCode, body: answer.payload ? answer.json() : null }
    },
    async open(url) {
      const { pathname, search } = new URL(url)
      const answer = await app.inject({ method: 'GET', url: pathname + search, headers })
      return { status: answer.statusCode, location: String(answer.headers.location ?? ''), text: answer.payload }
    },
  })
  const signIn = async (email: string): Promise<Person> => {
    await addUser(db, people, { email, name: email, role: 'owner', password, language: 'en' })
    const answer = await app.inject({ method: 'POST', url: '/api/v1/session', payload: { email, password } })
    const cookie = String(answer.headers['set-cookie']).split(';')[0]!
    return asPerson({ cookie, 'x-csrf-token': answer.json().csrf })
  }
  const control = async (path: string, body: object, method = 'POST') => {
    const answer = await fetch(`${served.url}/control${path}`, {
      method,
      ...(method === 'POST' ? { body: JSON.stringify(body) } : {}),
    })
    expect(answer.status, await answer.text()).toBeLessThan(300)
  }
  return {
    world,
    app,
    url: served.url,
    owner: await signIn('owner@example.com'),
    nobody: asPerson({}),
    signIn,
    control,
    knowSecret: (webhookSecret) =>
      simulator.connectStorefront({ hubUrl: publicUrl, apiKey: 'none', account: 'Store', webhookSecret }),
    calm: () => control('/faults', {}, 'DELETE'),
    work: () => runAskedChecks(ctx, () => undefined, { holder: 'test', leaseMs: 60_000, isDead: () => false }),
    async close() {
      await app.close()
      await served.close()
    },
  }
}

/** What the seller does on the channel's page; answers where the browser is sent then. */
export async function confirmAt(page: string, { refuse = false } = {}): Promise<string> {
  const answer = await fetch(refuse ? `${page}&refuse=1` : page, { method: 'POST', redirect: 'manual' })
  expect(answer.status, await answer.text()).toBe(303)
  return answer.headers.get('location')!
}

const { refreshToken: _, ...rest } = amazonSecrets
export const clientOnly = rest

export interface CheckTold {
  id: string
  state: string
  code: string | null
}

/** Id, state and code of all that did not pass. */
export const failed = (checks: { items: CheckTold[] }) =>
  checks.items.filter((one) => one.state !== 'ok').map(({ id, state, code }) => [id, state, code])

/** The steps as the owner takes them. */
export function stepsOf(it: Connecting) {
  const { owner, world } = it
  let count = 0
  const connection = async (id: string, language?: string) =>
    (await owner.ask('GET', `/accounts/${id}/connection`, undefined, language)).body
  return {
    connection,
    /** A draft of a seller of its own, so that no two are the same account. */
    async draft(
      change: { settings?: object; secrets?: Record<string, string> } = {},
    ): Promise<{ id: string; name: string }> {
      await world.ctx.db.run("update accounts set identity = id::text where identity like 'A1SIM%'")
      const name = `Amazon ${(count += 1)}`
      const { status, body } = await owner.ask('POST', '/accounts/drafts', {
        channel: 'amazon',
        name,
        settings: { ...amazonSettings(it.url), ...change.settings },
        secrets: change.secrets ?? clientOnly,
      })
      expect(status, JSON.stringify(body)).toBe(201)
      return { id: body.id, name }
    },
    async begin(id: string): Promise<{ url: string; redirectUri: string }> {
      const { status, body } = await owner.ask('POST', `/accounts/${id}/consent`, {})
      expect(status, JSON.stringify(body)).toBe(200)
      return body
    },
    async check(id: string, language?: string) {
      expect((await owner.ask('POST', `/accounts/${id}/check`, {})).status).toBe(200)
      await it.work()
      return (await connection(id, language)).checks
    },
  }
}
