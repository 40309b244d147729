/**
 * Oversells against sell-through: the project's rules over slots in memory, the same buyers for everybody, four channels with
 * the delays that are published.
 */
import { planGuarded } from '../../src/domain/guard.ts'
import { planAdaptive, planShared } from '../../src/domain/modes.ts'
import type { Planner } from '../../src/domain/pool-view.ts'
import type { Bench, Run } from '../bench.ts'
import { channels, world } from './assumptions.ts'
import { planPoissonBuffer, runPeriodic } from './peers.ts'
import { type Outcome, runHub, runReference } from './run.ts'

const seed = 1
const speeds = [1, 10, 100] as const
/** The target of the gap to the reference that shows no more than there is, in percentage points. */
const gaps = { 1: 0.05, 10: 0.15, 100: 1 }
const notifiedGap = 0.4

const perMillion = ({ oversold, orders }: Outcome): number => (oversold / orders) * 1e6
const gapTo = (reference: Outcome, one: Outcome): number => 100 * (1 - one.sold / reference.sold)

/** Checks that the rule held throughout, and says what it was worth. */
function guarded(run: Run, name: string, one: Outcome, references: Record<'central' | 'split', Outcome>, gap?: number) {
  run.figure({
    metric: 'guarded_oversold',
    case: name,
    unit: 'units',
    target: 0,
    better: 'equal',
    values: [one.oversold],
  })
  run.figure({
    metric: 'violations',
    case: name,
    unit: 'times',
    target: 0,
    better: 'equal',
    values: [one.violations.length],
  })
  const unit = 'percentage points'
  const split = { metric: 'sell_through_gap', case: `${name}, to split`, unit, better: 'lower' } as const
  run.figure({ ...split, ...(gap === undefined ? {} : { target: gap }), values: [gapTo(references.split, one)] })
  run.figure({ ...split, case: `${name}, to central`, values: [gapTo(references.central, one)] })
  run.figure({
    metric: 'writes_per_order',
    case: name,
    unit: 'writes',
    target: 0.8,
    better: 'lower',
    values: [one.writes / one.orders],
  })
}

export const oversell: Bench = {
  name: 'oversell',
  about: 'oversells and sell-through of each way to divide one stock over four channels',
  async run(run) {
    const asks = run.quick ? 100_000 : 1_200_000
    run.keep('assumptions', { channels, world })
    for (const speed of speeds) {
      const references = {
        central: runReference('central', seed, speed, asks),
        split: runReference('split', seed, speed, asks),
      }
      run.figure({
        metric: 'sell_through_gap',
        case: `${speed}× split, to central`,
        unit: 'percentage points',
        better: 'lower',
        values: [gapTo(references.central, references.split)],
      })
      for (const isNotified of [false, true]) {
        const name = `${speed}× ${isNotified ? 'notified' : 'polling'}`
        const one = runHub({ seed, speed, asks, planner: planGuarded, isNotified })
        guarded(run, name, one, references, isNotified ? (speed === 100 ? notifiedGap : undefined) : gaps[speed])
        if (!isNotified) {
          const troubled = runHub({
            seed,
            speed,
            asks,
            planner: planGuarded,
            isNotified,
            lost: 0.05,
            crashes: world.crashes,
          })
          guarded(run, `${name}, 5 % lost, ${world.crashes} crashes`, troubled, references)
        }
        others(run, name, { speed, asks, isNotified }, references.central)
      }
    }
    lying(run, asks)
  },
}

/** An order in a thousand is told after its watermark: each is noticed. */
function lying(run: Run, asks: number): void {
  const one = runHub({ seed, speed: 10, asks, planner: planGuarded, isNotified: false, lies: 0.001 })
  run.note(
    `a lying watermark: ${one.liesTold} orders hidden, ${one.liesMissed} not noticed, ${one.alarms} alarms, ${one.oversold} oversold`,
  )
}

interface Setting {
  speed: number
  asks: number
  isNotified: boolean
}

function others(run: Run, name: string, setting: Setting, central: Outcome): void {
  const say = (metric: string, what: string, one: Outcome, peer?: string) => {
    const rest = { case: `${name}, ${what}`, better: 'lower', ...(peer ? { peer } : {}) } as const
    run.figure({ metric, ...rest, unit: 'units per million orders', values: [perMillion(one)] })
    run.figure({
      metric: 'sell_through_gap',
      ...rest,
      case: `${name}, ${what}, to central`,
      unit: 'percentage points',
      values: [gapTo(central, one)],
    })
    run.note(
      `${name}, ${what}: ${Math.round(perMillion(one))} oversold per million, gap ${gapTo(central, one).toFixed(2)}, ${(one.writes / one.orders).toFixed(2)} writes an order`,
    )
  }
  const hub = (planner: Planner) => runHub({ seed, ...setting, planner, checks: false })
  say('adaptive_per_million', '0.1 %', hub(planAdaptive(0.001)))
  say('peer_per_million', 'Poisson buffer 0.1 %', hub(planPoissonBuffer(0.001)), 'Poisson buffer')
  for (const units of [0, 1, 2])
    say('peer_per_million', `push on every event, buffer ${units}`, hub(planShared(units)), 'event push')
  if (setting.isNotified) return
  for (const part of [0, 0.1, 0.2]) {
    const one = runPeriodic(part, seed, setting.speed, setting.asks)
    say('peer_per_million', `poll 5 min, push 15 min, buffer ${part * 100} %`, one, 'poll and push')
  }
}
