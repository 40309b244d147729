/** Prices, webhooks, consent and live checks. */
import { expect } from 'vitest'
import type { CheckResult, HookVerdict, IncomingHook, PriceLine } from '../../src/channels/capabilities.ts'
import type { IncomingListing } from '../../src/channels/connector.ts'
import { isChannelError } from '../../src/domain/errors.ts'
import { type Bench, needed, secretsOf } from './harness.ts'
import { awkward, type Case, failure, walk } from './lists.ts'

const goods = [...awkward.slice(0, 3), 'PLAIN'].map((sku) => ({ sku, quantity: 50 }))

async function priceLines(bench: Bench, amounts: Record<string, number>): Promise<PriceLine[]> {
  const { currency, marketplace } = needed(bench.harness.effects?.prices, 'effects.prices')
  const listed = (await walk(bench, 'listings')).items as IncomingListing[]
  return Object.entries(amounts).map(([remoteSku, amount]) => {
    const listing = listed.find((one) => one.remoteSku === remoteSku)
    return { key: remoteSku, marketplace, remoteSku, remoteId: listing?.remoteId ?? null, amount, currency }
  })
}

const prices = {
  async 'prices: each shows, and a bad line fails alone'(bench) {
    const { push, pushBatch } = bench.connector.prices!
    const { unknownSku } = bench.harness.stock!
    const wanted = { [awkward[0]!]: 1_234, PLAIN: 5, [unknownSku]: 700, [awkward[1]!]: 99_999 }
    const lines = await priceLines(bench, wanted)
    const account = bench.wire.account()
    const outcomes = []
    for (let from = 0; from < lines.length; from += pushBatch)
      outcomes.push(...(await push(account, lines.slice(from, from + pushBatch))))
    expect(outcomes.map(({ key }) => key).sort()).toEqual(Object.keys(wanted).sort())
    expect(outcomes.filter(({ kind }) => kind === 'failed').map(({ key }) => key)).toEqual([unknownSku])
    await bench.stage.pass(bench.harness.writeShowsMs)
    const shown = needed(bench.stage.price, 'price')
    expect([await shown(awkward[0]!), await shown('PLAIN'), await shown(awkward[1]!)]).toEqual([1_234, 5, 99_999])
    const listed = (await walk(bench, 'listings')).items as IncomingListing[]
    expect(listed.find(({ remoteSku }) => remoteSku === 'PLAIN')?.price?.amount).toBe(5)
  },

  /** A price moves nothing else: what is for sale stays. */
  async 'prices: leave the quantity alone'(bench) {
    await bench.connector.prices!.push(bench.wire.account(), await priceLines(bench, { PLAIN: 777 }))
    await bench.stage.pass(bench.harness.writeShowsMs)
    expect([await bench.stage.shown('PLAIN'), await needed(bench.stage.price, 'price')('PLAIN')]).toEqual([50, 777])
  },

  async 'prices: trouble is told line by line'(bench) {
    const { push } = bench.connector.prices!
    const pushOperation = bench.harness.effects?.prices?.operation ?? bench.connector.prices!.pushOperation
    const lines = await priceLines(bench, { PLAIN: 888 })
    const kinds = []
    for (const act of ['lose', 'cut', 'fail', 'refuse'] as const) {
      bench.wire.tap({ on: pushOperation, act })
      const before = bench.wire.count(pushOperation)
      const [outcome] = await push(bench.wire.account(), lines)
      expect(bench.wire.count(pushOperation) - before).toBe(1)
      kinds.push(outcome!.kind === 'failed' ? [outcome!.error.kind, outcome!.error.mayHaveApplied] : [outcome!.kind])
    }
    await bench.stage.trouble({ kind: 'throttle', operation: pushOperation })
    const [throttled] = await push(bench.wire.account(), lines)
    kinds.push(throttled!.kind === 'failed' ? [throttled!.error.kind, throttled!.error.mayHaveApplied] : [])
    expect(kinds).toEqual([
      ['unavailable', true],
      ['unavailable', true],
      ['unavailable', true],
      ['unavailable', false],
      ['throttled', false],
    ])
  },
} satisfies Record<string, (bench: Bench) => Promise<void>>

// — words from the channel —

async function words(bench: Bench): Promise<IncomingHook[]> {
  const { address } = needed(bench.harness.webhooks, 'webhooks')
  const account = bench.wire.account()
  await bench.connector.webhooks!.subscribe?.(account, address)
  // Where orders come in through our own API, the store names one that it has.
  const id = bench.connector.orders ? await needed(bench.stage.buy, 'buy')(awkward[0]!, 1) : 'ORDER-1'
  await bench.stage.pass(bench.harness.orderShowsMs)
  const hooks = await needed(bench.stage.hooks, 'hooks')(address, id)
  expect(hooks.length).toBeGreaterThan(0)
  return hooks
}

const accepted = (verdict: HookVerdict) => {
  if (verdict.kind !== 'accepted') throw new Error(`it was not accepted: ${JSON.stringify(verdict)}`)
  return verdict
}

function* mutations(hook: IncomingHook): Generator<{ what: string; hook: IncomingHook }> {
  const body = Buffer.from(hook.body)
  const step = Math.max(1, Math.floor(body.length / 40))
  for (let place = 0; place < body.length; place += step) {
    const other = Buffer.from(body)
    other[place] = other[place]! ^ 1
    yield { what: `a bit of byte ${place}`, hook: { ...hook, body: other } }
  }
  yield { what: 'no body', hook: { ...hook, body: new Uint8Array() } }
  yield { what: 'half a body', hook: { ...hook, body: body.subarray(0, Math.floor(body.length / 2)) } }
  yield { what: 'more body', hook: { ...hook, body: Buffer.concat([body, Buffer.from(' ')]) } }
  yield { what: 'another body', hook: { ...hook, body: Buffer.from([0xff, 0xfe, 0x00]) } }
  yield { what: 'no headers', hook: { ...hook, headers: {} } }
}

const webhooks = {
  async 'webhooks: the channel’s own word is accepted'(bench) {
    const account = bench.wire.account()
    for (const hook of await words(bench)) {
      const verdict = accepted(await bench.connector.webhooks!.verify(account, hook))
      expect(verdict.look.length + (verdict.erase ? 1 : 0)).toBeGreaterThan(0)
      expect(verdict.topic).not.toBe('')
      const again = accepted(await bench.connector.webhooks!.verify(bench.wire.account(), structuredClone(hook)))
      expect(again.dedupe).toBe(verdict.dedupe)
    }
  },

  async 'webhooks: two words are not taken for one'(bench) {
    const account = bench.wire.account()
    const verdicts = []
    for (const hook of [...(await words(bench)), ...(await words(bench))])
      verdicts.push(accepted(await bench.connector.webhooks!.verify(account, hook)))
    expect(new Set(verdicts.map(({ dedupe }) => dedupe)).size).toBeGreaterThan(1)
  },

  /** One bit, or one letter of the signature, and it is somebody else's. Never thrown. */
  async 'webhooks: what was changed on its way is refused'(bench) {
    const account = bench.wire.account()
    const [hook] = await words(bench)
    const { verify } = bench.connector.webhooks!
    accepted(await verify(account, hook!))
    for (const { what, hook: other } of mutations(hook!))
      expect((await verify(account, other)).kind, what).toBe('refused')
    const signing = Object.keys(hook!.headers).filter((name) => /signature|hmac/i.test(name))
    expect(signing.length).toBeGreaterThan(0)
    for (const name of signing) {
      const value = hook!.headers[name]!
      const middle = Math.floor(value.length / 2)
      const letter = value[middle] === 'A' ? 'B' : 'A'
      const wrong = value.slice(0, middle) + letter + value.slice(middle + 1)
      for (const given of [wrong, '', 'odd words', value.slice(0, middle)])
        expect((await verify(account, { ...hook!, headers: { ...hook!.headers, [name]: given } })).kind).toBe('refused')
    }
    const journal = JSON.stringify(account.journal)
    expect(journal).not.toContain(hook!.headers[signing[0]!]!)
  },

  async 'webhooks: questions are answered'(bench) {
    const { address } = needed(bench.harness.webhooks, 'webhooks')
    for (const { hook, body } of await needed(bench.stage.questions, 'questions')(address)) {
      const verdict = await bench.connector.webhooks!.verify(bench.wire.account(), hook)
      expect(verdict).toMatchObject({ kind: 'answer', status: 200, body })
    }
  },

  async 'webhooks: subscriptions are kept, and made again when dropped'(bench) {
    const { address } = needed(bench.harness.webhooks, 'webhooks')
    const subscribe = needed(bench.connector.webhooks!.subscribe, 'subscribe')
    const account = bench.wire.account()
    const first = await subscribe(account, address)
    expect(new Set(first.map(({ state }) => state))).toEqual(new Set(['created']))
    const again = await subscribe(bench.wire.account(), address)
    expect(again.map(({ topic, state }) => [topic, state])).toEqual(first.map(({ topic }) => [topic, 'kept']))
    await needed(bench.stage.dropSubscription, 'dropSubscription')()
    const mended = await subscribe(account, address)
    expect(mended.filter(({ state }) => state === 'created').length).toBeGreaterThan(0)
    expect(mended.filter(({ state }) => state === 'failed')).toEqual([])
    expect((await subscribe(account, address)).every(({ state }) => state === 'kept')).toBe(true)
  },
} satisfies Record<string, (bench: Bench) => Promise<void>>

// — consent and checks —

const consent = {
  async 'consent: the seller comes back with secrets that work'(bench) {
    const { redirectUri } = needed(bench.harness.consent, 'consent')
    const { url, exchange } = bench.connector.consent!
    const state = 'state-of-this-try/+=&'
    const address = url(bench.stage.settings, { state, redirectUri })
    expect(new URL(address).searchParams.get('state')).toBe(state)
    for (const secret of secretsOf(bench.stage)) expect(address).not.toContain(secret)
    const returned = await needed(bench.stage.consented, 'consented')(address)
    expect(returned.state).toBe(state)
    const account = bench.wire.account()
    const given = await exchange(account, returned, redirectUri)
    const secrets = { ...bench.stage.secrets, ...(given.secrets as Record<string, string>) }
    expect(bench.connector.secrets.safeParse(secrets).success).toBe(true)
    const journal = JSON.stringify(account.journal)
    for (const value of Object.values(given.secrets as Record<string, string>)) expect(journal).not.toContain(value)
  },

  async 'consent: a code that is not theirs'(bench) {
    const { redirectUri, operation } = needed(bench.harness.consent, 'consent')
    const { url, exchange } = bench.connector.consent!
    const address = url(bench.stage.settings, { state: 'one', redirectUri })
    const returned = await needed(bench.stage.consented, 'consented')(address)
    const wrong = Object.fromEntries(Object.entries(returned).map(([name, value]) => [name, `${value}x`]))
    const refused = await failure(exchange(bench.wire.account(), wrong, redirectUri))
    expect(['auth', 'rejected']).toContain(refused.kind)
    const empty = await failure(exchange(bench.wire.account(), {}, redirectUri))
    expect(['auth', 'rejected']).toContain(empty.kind)
    bench.wire.tap({ on: operation, act: 'lose' })
    expect((await failure(exchange(bench.wire.account(), returned, redirectUri))).kind).toBe('unavailable')
  },
} satisfies Record<string, (bench: Bench) => Promise<void>>

const checks = {
  async 'checks: all pass on a good day'(bench) {
    const account = bench.wire.account()
    const results = []
    for (const check of bench.connector.checks!) results.push([check.id, await check.run(account), check.optional])
    expect(results.filter(([, result, optional]) => !optional && !(result as { ok: boolean }).ok)).toEqual([])
    const ids = bench.connector.checks!.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  },

  /** A check that fails says so, as an answer or as the channel's error, and tells no secret. */
  async 'checks: trouble is told'(bench) {
    const run = async () => {
      const results: CheckResult[] = []
      for (const check of bench.connector.checks!) {
        const result = check.run(bench.wire.account()).catch((error: unknown) => {
          if (!isChannelError(error)) throw error
          return { ok: false as const, code: `${error.code} ${error.message}` }
        })
        results.push(await result)
      }
      for (const secret of secretsOf(bench.stage)) expect(JSON.stringify(results)).not.toContain(secret)
      return results
    }
    const operations = () => [...new Set(bench.wire.calls.map(({ operation }) => operation))]
    await run()
    const taps = operations().map((on) => bench.wire.tap({ on, act: 'refuse', times: Number.POSITIVE_INFINITY }))
    expect((await run()).every(({ ok }) => !ok)).toBe(true)
    for (const tap of taps) tap.remove()
    expect((await run()).some(({ ok }) => ok)).toBe(true)
    await bench.stage.trouble({ kind: 'revoke' })
    expect((await run()).some(({ ok }) => !ok)).toBe(true)
  },
} satisfies Record<string, (bench: Bench) => Promise<void>>

const blocks = { prices, webhooks, consent, checks }
export const restBlocks = Object.keys(blocks) as (keyof typeof blocks)[]
export type RestCase = keyof typeof prices | keyof typeof webhooks | keyof typeof consent | keyof typeof checks

export function restCases(block: keyof typeof blocks): Record<string, Case> {
  return Object.fromEntries(Object.entries(blocks[block]).map(([name, run]) => [name, { goods: () => goods, run }]))
}
