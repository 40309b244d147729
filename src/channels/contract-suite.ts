/**
 * What every connector promises, tried against its simulator over real HTTP. A channel's `contract.test.ts` tells how its
 * simulator is started and where things stand on its wire; the cases are the same for all. A case is left out for a
 * reason of the list only, and the reason has to hold.
 */
import { expect, test } from 'vitest'
import { type Effect, type EffectCase, effectCases, effects } from '../../test/contract/effects.ts'
import { type Bench, type Harness, needed, secretsOf } from '../../test/contract/harness.ts'
import { type Case, type ListCase, listCases, lists } from '../../test/contract/lists.ts'
import { type OrderCase, orderCases } from '../../test/contract/orders.ts'
import { plantsFor } from '../../test/contract/planted.ts'
import { type RestCase, restBlocks, restCases } from '../../test/contract/rest.ts'
import { type SettlementCase, settlementCases } from '../../test/contract/settlements.ts'
import { type StockCase, stockCases } from '../../test/contract/stock.ts'
import { createWire } from '../../test/contract/wire.ts'
import { isLong } from '../../test/support/iterations.ts'
import type { Connector } from './connector.ts'

export type { Goods, Harness, Stage, Trouble } from '../../test/contract/harness.ts'

export type CaseName = ListCase | OrderCase | StockCase | EffectCase | RestCase | SettlementCase

/** Why a case may be left out, and what proves that it has to be. */
const reasons = {
  /** Each call is signed, or carries a key that lasts: there is no token to renew. */
  'no access tokens': ({ tokenOperation }: Harness) => tokenOperation === undefined,
  /** Everything comes in one answer. */
  'one page': (harness: Harness, name: CaseName) =>
    harness[name.split(':')[0] as 'listings']?.page === Number.POSITIVE_INFINITY,
  /** Each word is signed by itself; the address is never asked for. */
  'asks no questions': ({ webhooks }: Harness) => webhooks !== undefined && !webhooks.asks,
  /** What the channel tells and to whom is set there by hand. */
  'subscribed by hand': ({ connector }: Harness) => connector.webhooks?.subscribe === undefined,
} satisfies Record<string, (harness: Harness, name: CaseName) => boolean>

export interface Skip {
  reason: keyof typeof reasons
  /** What of the channel makes it so, with its source. */
  fact: string
}

/** Amazon and the own store prove these with every run; other channels with the long one. */
const provedElsewhere = /^(orders|listings|heldStock|stock|settlements):/

export interface Suite {
  harness: Harness
  /**
   * Proves the cases as well: each of them must find the faults that are planted for it. `own`: those that no other channel
   * proves; else only those of the named capabilities.
   */
  planted?: 'all' | 'own' | readonly string[]
  skips?: Partial<Record<CaseName, Skip>>
}

/** The cases of every capability that the connector has. */
function casesOf(connector: Connector): Record<string, Case> {
  const blocks = [
    ...lists.filter((list) => connector[list]).map(listCases),
    ...(connector.orders ? [orderCases] : []),
    ...(connector.stock ? [stockCases] : []),
    ...effects.filter((effect: Effect) => connector[effect]).map(effectCases),
    ...restBlocks.filter((block) => connector[block]).map(restCases),
    ...(connector.settlements ? [settlementCases()] : []),
  ]
  return Object.assign({}, ...blocks) as Record<string, Case>
}

/** Runs one case on a simulator of its own; afterwards no secret may stand in the journal. */
export async function runCase(harness: Harness, name: CaseName): Promise<void> {
  const one = needed(casesOf(harness.connector)[name], `the case '${name}'`)
  const stage = await harness.start({ goods: one.goods(harness) })
  const { connector } = harness
  const bench: Bench = { harness, connector, stage, wire: createWire(harness, stage) }
  try {
    await one.run(bench)
    noSecrets(bench)
  } finally {
    await stage.close()
  }
}

/** Every fault planted for the case makes it fail. */
async function findsAll(harness: Harness, name: CaseName): Promise<void> {
  const plants = plantsFor(name)
  expect(plants.length, 'no fault is planted for it').toBeGreaterThan(0)
  for (const [index, plant] of plants.entries()) {
    const spoilt = { ...harness, connector: plant(harness.connector) }
    await expect(runCase(spoilt, name), `fault ${index + 1} is not found`).rejects.toThrow()
  }
}

/** The names of all cases that the connector's capabilities ask for. */
export const caseNames = (connector: Connector): CaseName[] => Object.keys(casesOf(connector)) as CaseName[]

/** Registers a test for each case. */
export function contractSuite({ harness, planted, skips = {} }: Suite): void {
  const { connector } = harness
  const names = caseNames(connector)
  const isProved = (name: CaseName): boolean => {
    if (planted === 'all' || (planted !== undefined && isLong)) return true
    return planted === 'own' ? !provedElsewhere.test(name) : (planted ?? []).includes(name.split(':')[0]!)
  }

  for (const name of names) {
    const skip = skips[name]
    if (skip) {
      test(`${name}: left out, ${skip.reason}`, async () => {
        expect(skip.fact.length).toBeGreaterThan(20)
        expect(reasons[skip.reason](harness, name), `'${skip.reason}' does not hold`).toBe(true)
        // A skip that is not needed is found by running what it leaves out.
        await expect(runCase(harness, name), 'the case passes: the skip is not needed').rejects.toThrow()
      })
      continue
    }
    test(name, async () => await runCase(harness, name))
    if (isProved(name)) test(`${name}: finds what is planted`, async () => await findsAll(harness, name))
  }

  test('every skip names a case of this connector', () => {
    expect(Object.keys(skips).filter((name) => !names.includes(name as CaseName))).toEqual([])
  })

  test('its account: settings, secrets and one identity', async () => {
    const stage = await harness.start({ goods: [] })
    await stage.close()
    expect(connector.settings.safeParse(stage.settings).success).toBe(true)
    expect(connector.settings.safeParse({}).success).toBe(false)
    expect(connector.secrets.safeParse(stage.secrets).success).toBe(true)
    expect(connector.secrets.safeParse({}).success).toBe(false)
    const shown = JSON.stringify([connector.regionOf(stage.settings), connector.identityOf?.(stage.settings)])
    for (const secret of secretsOf(stage)) expect(shown).not.toContain(secret)
  })
}

/** Whatever happened in a case: no secret and no token stands in the journal. */
function noSecrets({ stage, wire }: Bench): void {
  for (const account of wire.accounts) {
    const journal = JSON.stringify(account.journal)
    for (const secret of [...secretsOf(stage), ...account.dropped, ...account.tokens])
      expect(journal.includes(secret), 'a secret stands in the journal').toBe(false)
  }
}
