/** Takes every step in every order, breadth first, and tells the shortest way to an oversell. */

import { canonical, fingerprint } from './canonical.ts'
import { stepsOf } from './steps.ts'
import { backUnseen, type Case, claimed, firstWorld, isBounded, oversold, type Rules, type World } from './world.ts'

/** Every bound, or only what the world really sold. */
type Checks = 'everything' | 'oversell'

export interface Exploration {
  states: number
  /** The shortest sequence of steps that oversells, or breaks the promise over claims; null where none does. */
  counterexample: string[] | null
  what: string | null
}

/** How a state was reached; the state itself is only kept while its own steps are to be taken. */
interface Way {
  from: Way | null
  step: string
}

export function explore(
  one: Case,
  rules: Rules,
  { mostStates = Number.POSITIVE_INFINITY, checks = 'everything' as Checks } = {},
): Exploration {
  const first = canonical(firstWorld(one), one)
  const seen = new Set([fingerprint(first)])
  let edge: { world: World; way: Way | null }[] = [{ world: first, way: null }]
  while (edge.length > 0) {
    const next: typeof edge = []
    for (const { world: before, way: from } of edge)
      for (const { name, next: after } of stepsOf(before, one, rules)) {
        const what = broken(after, one, rules, checks)
        if (what) return { states: seen.size, counterexample: wayTo({ from, step: name }), what }
        const world = canonical(after, one)
        const key = fingerprint(world)
        if (seen.has(key)) continue
        seen.add(key)
        if (seen.size >= mostStates) throw new Error(`${one.name}: more than ${mostStates} states`)
        next.push({ world, way: { from, step: name } })
      }
    edge = next
  }
  return { states: seen.size, counterexample: null, what: null }
}

function broken(world: World, one: Case, rules: Rules, checks: Checks): string | null {
  const units = oversold(world, one)
  if (units > 0) return `${units} oversold`
  if (checks === 'oversell') return null
  for (const [index] of world.slots.entries())
    if (!isBounded(world, index, one)) return `slot ${index} may sell more than its claim`
  // What a slot showed before it was ours may be more than there is.
  if (world.hadAlarm || one.slots.some((slot) => slot.isTakenOver)) return null
  for (const [component, available] of world.available.entries()) {
    const sum = claimed(world, one, rules, component)
    if (sum > available + world.uncovered[component]! + backUnseen(world, one, component))
      return `claims of ${sum} over ${available} available`
  }
  return null
}

function wayTo(way: Way): string[] {
  const steps: string[] = []
  for (let at: Way | null = way; at; at = at.from) steps.unshift(at.step)
  return steps
}

/** How many of the steps, named as `explore` names them, can be taken one after the other. */
export function follow(one: Case, rules: Rules, steps: readonly string[]): number {
  let worlds = [firstWorld(one)]
  for (const [taken, step] of steps.entries()) {
    worlds = worlds.flatMap((world) =>
      stepsOf(world, one, rules).flatMap(({ name, next }) => (name === step ? [next] : [])),
    )
    if (worlds.length === 0) return taken
  }
  return steps.length
}
