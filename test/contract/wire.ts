/**
 * The way between a connector and its simulator: every call goes over real HTTP, is written down, and may be tapped. An
 * answer is lost, cut or changed here, so that no simulator needs to know how.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { WireRequest } from '../../src/http/client.ts'
import { createAccount, type TestAccount } from '../conformance/support/account.ts'
import type { Harness, Stage } from './harness.ts'

export interface Passed {
  operation: string
  method: string
  url: string
  status: number | null
}

type Act =
  /** Carried out, and the answer never arrives. */
  | 'lose'
  /** The connection was never opened. */
  | 'refuse'
  /** Half of the answer, a page of something in between, or nothing. */
  | 'cut'
  | 'page'
  | 'empty'
  /** An answer of a broken server, after the effect. */
  | 'fail'
  /** Changes the parsed answer in place, or gives another one. */
  | ((answer: unknown) => unknown)

export interface Tap {
  on: string
  /** How often; once where it is left out. */
  times?: number
  /** So many pass untouched first. */
  after?: number
  act: Act
}

export interface ContractAccount extends TestAccount {
  /** How often a token was minted, and which ones the connector gave back as refused. */
  mints: number
  dropped: string[]
  /** All that it ever had. */
  tokens: string[]
}

export interface Wire {
  calls: Passed[]
  accounts: ContractAccount[]
  /** An account of its own: nothing in memory is shared with the others, as after a restart. */
  account(more?: { budget?: boolean }): ContractAccount
  tap(tap: Tap): { fired(): number; remove(): void }
  /** Calls of the operation so far. */
  count(operation: string): number
}

export function createWire({ connector, smaller }: Harness, stage: Stage): Wire {
  const under = new AsyncLocalStorage<WireRequest>()
  const taps: { tap: Tap; seen: number; fired: number }[] = []
  const calls: Passed[] = []
  const accounts: ContractAccount[] = []

  const tapped: typeof fetch = async (input, init) => {
    const { operation, method, url } = under.getStore()!
    const passed: Passed = { operation, method, url, status: null }
    calls.push(passed)
    const held = taps.find((one) => {
      if (one.tap.on !== operation || one.fired >= (one.tap.times ?? 1)) return false
      one.seen += 1
      return one.seen > (one.tap.after ?? 0)
    })
    if (held) held.fired += 1
    const act = held?.tap.act
    if (act === 'refuse') throw broken('ECONNREFUSED')
    const asked = { url: String(input), body: (init?.body ?? null) as string | null }
    const { url: address, body } = smaller?.(asked) ?? asked
    const answer = await fetch(address, { ...init, body })
    passed.status = answer.status
    if (act === undefined) return answer
    const text = await answer.text()
    if (act === 'lose') throw broken('ECONNRESET')
    return changed(act, answer, text)
  }

  function account(more: { budget?: boolean } = {}): ContractAccount {
    const plain = createAccount({
      connector,
      fetch: tapped,
      now: () => stage.now(),
      settings: stage.settings,
      secrets: stage.secrets as Record<string, string>,
      budget: more.budget ?? false,
    })
    const tokens = new Map<string, Promise<{ value: string; expiresAt: Date }>>()
    const own: ContractAccount = {
      ...plain,
      mints: 0,
      dropped: [],
      tokens: [],
      http: (request) => under.run(request, () => plain.http(request)),
      // Minted once for all who wait, as in the hub.
      async token(name, mint) {
        const held = tokens.get(name)
        const known = await held?.catch(() => undefined)
        if (known && known.expiresAt > stage.now()) return known.value
        if (tokens.get(name) === held) tokens.delete(name)
        if (!tokens.has(name)) {
          own.mints += 1
          tokens.set(name, mint())
        }
        const { value } = await tokens.get(name)!
        own.tokens.push(value)
        return value
      },
      async dropToken(name, value) {
        own.dropped.push(value)
        if ((await tokens.get(name)?.catch(() => undefined))?.value === value) tokens.delete(name)
      },
    }
    accounts.push(own)
    return own
  }

  return {
    calls,
    accounts,
    account,
    tap(tap) {
      const held = { tap, seen: 0, fired: 0 }
      taps.push(held)
      return { fired: () => held.fired, remove: () => void taps.splice(taps.indexOf(held), 1) }
    },
    count: (operation) => calls.filter((one) => one.operation === operation).length,
  }
}

function changed(act: Exclude<Act, 'refuse' | 'lose'>, answer: Response, text: string): Response {
  const html = { 'content-type': 'text/html' }
  const { status } = answer
  const isBodyless = [204, 205, 304].includes(status)
  const like = (body: string) => new Response(body, { status: isBodyless ? 200 : status, headers: answer.headers })
  if (act === 'cut') return like(text === '' ? '{' : text.slice(0, Math.ceil(text.length / 2)))
  if (act === 'empty') return like('')
  if (act === 'page')
    return new Response('<html><body>One moment, please</body></html>', { status: 200, headers: html })
  if (act === 'fail') return new Response('<html><body>Bad gateway</body></html>', { status: 502, headers: html })
  const parsed: unknown = text === '' ? undefined : JSON.parse(text)
  return like(JSON.stringify(act(parsed) ?? parsed))
}

function broken(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })
}
