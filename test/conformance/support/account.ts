/** An account as the hub gives it to a connector, kept in memory instead of in the database. */
import { randomUUID } from 'node:crypto'
import { amazon } from '../../../src/channels/amazon/index.ts'
import type { Account, Connector, Limit } from '../../../src/channels/connector.ts'
import { type Budget, type CallRecord, createHttp } from '../../../src/http/client.ts'
import { refuseUrl } from '../../../src/http/guard.ts'

export interface TestAccount extends Account {
  journal: CallRecord[]
  learned: Map<string, number>
  exhausted: string[]
  /** Operations of calls that were taken, each time that the hub was told so. */
  heard: string[]
}

export interface AccountOptions {
  fetch: typeof fetch
  now: () => Date
  settings: Record<string, unknown>
  secrets?: Record<string, string>
  /** Amazon where it is left out */
  connector?: Connector
  /** false: calls leave whatever the allowance says, so that the channel has to refuse */
  budget?: boolean
}

export const simulatedSecrets = {
  clientId: 'amzn1.application-oa2-client.simulated',
  clientSecret: 'amzn1.oa2-cs.v1.simulated',
  refreshToken: 'Atzr|simulated',
}

/** Token buckets by the connector's published limits. */
function memoryBudget(
  account: Pick<TestAccount, 'learned' | 'exhausted' | 'heard'>,
  limits: Record<string, Limit>,
  now: () => Date,
  enforced: boolean,
): Budget {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return {
    async spend(operation, points = 1) {
      const limit = limits[operation]
      if (!limit) throw new Error(`no limit is known for ${operation}`)
      if (!enforced) return undefined
      const at = now().getTime()
      const bucket = buckets.get(operation) ?? { tokens: limit.burst, at }
      bucket.tokens = Math.min(limit.burst, bucket.tokens + ((at - bucket.at) / 1_000) * limit.rate)
      bucket.at = at
      buckets.set(operation, bucket)
      if (bucket.tokens < points - 1e-9) return new Date(at + ((points - bucket.tokens) / limit.rate) * 1_000)
      bucket.tokens -= points
      return undefined
    },
    async exhausted(operation) {
      account.exhausted.push(operation)
      buckets.set(operation, { tokens: 0, at: now().getTime() })
    },
    async learned(operation, rate) {
      account.heard.push(operation)
      account.learned.set(operation, rate)
    },
    taken: (operation) => void account.heard.push(operation),
    async told(operation, { tokens, rate }) {
      account.heard.push(operation)
      account.learned.set(operation, rate)
      buckets.set(operation, { tokens, at: now().getTime() })
    },
  }
}

export function createAccount(options: AccountOptions): TestAccount {
  const { now, connector = amazon } = options
  const kept = {
    journal: [] as CallRecord[],
    learned: new Map<string, number>(),
    exhausted: [] as string[],
    heard: [] as string[],
  }
  const budget = memoryBudget(kept, connector.limits, now, options.budget ?? true)
  const tokens = new Map<string, { value: string; expiresAt: Date }>()
  return {
    ...kept,
    id: 'account-1',
    name: connector.title,
    settings: options.settings,
    openedAt: now(),
    secrets: async () => options.secrets ?? simulatedSecrets,
    budget,
    http: createHttp({
      fetch: options.fetch,
      now,
      budget,
      journal: { record: (call) => void kept.journal.push(call) },
      keep: connector.journalKeys,
      // As in the hub: nothing is allowed by name but what the settings say.
      guard: (url) => refuseUrl(url, { allowedOrigins: connector.allowedOrigins?.(options.settings) ?? [] }),
      timeoutMs: 5_000,
      ...(connector.requestIdHeader ? { requestIdHeader: connector.requestIdHeader } : {}),
    }),
    async token(name, mint) {
      const held = tokens.get(name)
      if (held && held.expiresAt > now()) return held.value
      const minted = await mint()
      tokens.set(name, minted)
      return minted.value
    },
    async dropToken(name, value) {
      if (tokens.get(name)?.value === value) tokens.delete(name)
    },
    now,
    newId: randomUUID,
  }
}
