/** The API of a small installation, asked by its owner; no port is opened. */
import { expect } from 'vitest'
import { createMetrics } from '../../src/api/metrics.ts'
import { buildApi } from '../../src/api/server.ts'
import { createReservationDesk } from '../../src/operations/reservation-desk.ts'
import { addApiKey } from '../../src/sign-in/people.ts'
import { seededBytes, type World } from './world.ts'

export type OwnersApi = Awaited<ReturnType<typeof openOwnersApi>>

export async function openOwnersApi(world: World) {
  const { ctx } = world
  const people = {
    db: ctx.db,
    clock: ctx.clock,
    newId: ctx.newId,
    sealing: ctx.sealing,
    random: seededBytes(world.random),
  }
  const app = await buildApi({
    ctx,
    people,
    publicUrl: 'http://127.0.0.1',
    demo: null,
    desk: createReservationDesk(ctx),
    metrics: createMetrics(ctx.db, ctx.clock),
    ready: async () => true,
    dashboard: () => Promise.reject(new Error('none')),
  })
  const { key } = await addApiKey(ctx.db, ctx, 'Owner', 'owner')
  let count = 0
  const inject = async (method: 'GET' | 'POST', url: string, payload?: object, language = 'en', once?: string) =>
    await app.inject({
      method,
      url: `/api/v1${url}`,
      headers: {
        authorization: `Bearer ${key}`,
        'accept-language': language,
        ...(method === 'POST' ? { 'idempotency-key': once ?? `key ${(count += 1)}` } : {}),
      },
      ...(payload === undefined ? {} : { payload }),
    })
  return {
    inject,
    async ask(url: string, language?: string) {
      const answer = await inject('GET', url, undefined, language)
      expect(answer.statusCode, answer.payload).toBe(200)
      return answer.json()
    },
    async post(url: string, payload: object) {
      const answer = await inject('POST', url, payload)
      expect(answer.statusCode, answer.payload).toBeLessThan(300)
      return answer.json()
    },
    key,
    /** For a program that calls the API by itself. */
    fetch: (async (url: string, init: RequestInit) => {
      const { pathname, search } = new URL(url)
      const answer = await app.inject({
        method: init.method as 'GET' | 'POST',
        url: pathname + search,
        headers: init.headers as Record<string, string>,
        ...(init.body ? { payload: String(init.body) } : {}),
      })
      return new Response(answer.payload, { status: answer.statusCode })
    }) as typeof fetch,
    close: () => app.close(),
  }
}
