/**
 * Callers that move and reserve stock through the API and keep account of every answer. A request without a final
 * answer is sent again with its key, as the refusal says; so at the end everything sent must be stored exactly once.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { ask } from './hub-process.ts'

export interface Load {
  /** Keys whose change the hub said is stored. */
  readonly acknowledged: Set<string>
  /** How often each refusal was seen, by problem code; `network` where no answer came. */
  readonly refusals: Map<string, number>
  /** Answers that are neither success nor a refusal that says when to come again. */
  readonly odd: string[]
  /** Resolves at the next change that is stored after now. */
  nextStored(withinMs?: number): Promise<void>
  /** No new requests; those without a final answer are repeated until they have one. */
  finish(withinMs?: number): Promise<void>
  stopNow(): void
}

export interface LoadOptions {
  url: string
  apiKey: string
  sku: string
  account: string
  callers?: number
  prefix: string
  pauseMs?: number
}

export function startLoad(options: LoadOptions): Load {
  const acknowledged = new Set<string>()
  const refusals = new Map<string, number>()
  const odd: string[] = []
  let listeners: (() => void)[] = []
  let ending = false
  let stopped = false
  const once = async (key: string, isMovement: boolean): Promise<number | 'stored'> => {
    const [path, body] = isMovement
      ? ['/stock/movements', { sku: options.sku, location: 'MAIN', kind: 'receipt', quantity: 3, note: key }]
      : [
          '/reservations',
          {
            account: options.account,
            reference: key,
            expiresInSeconds: 86_400,
            lines: [{ sku: options.sku, quantity: 1 }],
          },
        ]
    const seen = (code: string) => void refusals.set(code, (refusals.get(code) ?? 0) + 1)
    try {
      const answer = await fetch(`${options.url}/api/v1${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${options.apiKey}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(60_000),
      })
      const text = await answer.text()
      if (answer.ok) return 'stored'
      const { code } = JSON.parse(text) as { code?: string }
      seen(code ?? `status ${answer.status}`)
      const after = answer.headers.get('retry-after')
      if (answer.status !== 503 || after === null) odd.push(`${answer.status} ${text.slice(0, 300)}`)
      return Math.min(Number(after ?? 1) * 1_000, 200)
    } catch {
      seen('network')
      return 100
    }
  }
  const caller = async (number: number) => {
    for (let n = 0; !ending; n += 1) {
      const key = `${options.prefix}-${number}-${n}`
      for (;;) {
        const result = await once(key, (n + number) % 2 === 0)
        if (result === 'stored') break
        if (stopped) return
        await sleep(result)
      }
      acknowledged.add(key)
      for (const listener of listeners.splice(0)) listener()
      if (options.pauseMs) await sleep(options.pauseMs)
    }
  }
  const callers = Array.from({ length: options.callers ?? 6 }, (_, number) => caller(number))
  return {
    acknowledged,
    refusals,
    odd,
    nextStored: (withinMs = 60_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`nothing was stored within ${withinMs} ms`)), withinMs)
        listeners.push(() => {
          clearTimeout(timer)
          resolve()
        })
      }),
    async finish(withinMs = 60_000) {
      ending = true
      const late = new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error(`requests without an answer after ${withinMs} ms`)), withinMs).unref()
      })
      await Promise.race([Promise.all(callers), late])
    },
    stopNow() {
      ending = true
      stopped = true
      listeners = []
    },
  }
}

/** Every acknowledged change is there exactly once, and a level is the sum of its movements. */
export async function expectStoredOnce(databaseUrl: string, load: Load, prefix: string): Promise<void> {
  const rows = await ask<{ key: string; count: string }>(
    databaseUrl,
    `select note as key, count(*) from stock_movements where note like $1 || '-%' group by 1
     union all select reference, count(*) from reservations where reference like $1 || '-%' group by 1`,
    [prefix],
  )
  const stored = new Map(rows.map((row) => [row.key, Number(row.count)]))
  expect([...load.acknowledged].filter((key) => !stored.has(key))).toEqual([])
  expect([...stored].filter(([, count]) => count !== 1)).toEqual([])
  expect(
    await ask(
      databaseUrl,
      `select p.variant_id from pool_levels p left join (
         select variant_id, sum(on_hand) as on_hand, sum(unsellable) as unsellable, sum(reserved) as reserved, sum(allocated) as allocated
         from stock_movements group by 1) m on m.variant_id = p.variant_id
       where (p.on_hand, p.unsellable, p.reserved, p.allocated) is distinct from
         (coalesce(m.on_hand, 0), coalesce(m.unsellable, 0), coalesce(m.reserved, 0), coalesce(m.allocated, 0))`,
    ),
  ).toEqual([])
}

/** Gives the SKU units enough that no reservation is refused. */
export async function stockUp(hub: { url: string; apiKey: string }, sku: string): Promise<void> {
  const answer = await fetch(`${hub.url}/api/v1/stock/movements`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${hub.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': `stock-up-${sku}`,
    },
    body: JSON.stringify({ sku, location: 'MAIN', kind: 'receipt', quantity: 1_000_000 }),
  })
  expect(answer.status, await answer.text()).toBe(201)
}
