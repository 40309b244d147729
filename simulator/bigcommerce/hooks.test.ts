import { expect, test } from 'vitest'
import { createSimulator } from '../index.ts'

async function statusOf(destination: string, hooksAnywhere?: boolean): Promise<number> {
  const sim = createSimulator({
    seed: 1,
    startAt: new Date('2026-11-22T08:00:00Z'),
    catalog: [],
    bigcommerce: hooksAnywhere === undefined ? {} : { hooksAnywhere },
  })
  const answer = await sim.handle(
    new Request('http://simulator.test/bigcommerce/stores/simulated/v3/hooks', {
      method: 'POST',
      headers: {
        'x-auth-token': 'simulated-access-token',
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify({ scope: 'store/order/created', destination, is_active: true }),
    }),
  )
  return answer.status
}

test('hooks call https at its usual port, and what else there is only where the store was told so', async () => {
  expect(await statusOf('https://hub.example/hooks')).toBe(200)
  for (const elsewhere of ['http://127.0.0.1:4400/hooks', 'https://hub.example:8443/hooks']) {
    expect(await statusOf(elsewhere)).toBe(422)
    expect(await statusOf(elsewhere, true)).toBe(200)
  }
  expect(await statusOf('no address', true)).toBe(422)
})
