/**
 * Everything that buyers, channels, the network and the hub can do to a few units, in every order: the project's own rule
 * over claims oversells nowhere, and each tempting shortcut does somewhere. `npm run test:long -- exploration` takes all instances.
 */
import { describe, expect, test } from 'vitest'
import { cases } from '../exploration/cases.ts'
import { explore, follow } from '../exploration/explore.ts'
import { rulesOf, variants } from '../exploration/variants.ts'
import { projectRules } from '../exploration/world.ts'
import { isLong, patienceMs, printCount } from '../support/iterations.ts'

describe('safe whatever happens', () => {
  test.each(cases.filter((one) => isLong || one.isShort))(
    '$name',
    (one) => {
      const { states, what, counterexample } = explore(one, projectRules)
      printCount(`states (${one.name})`, states)
      expect({ what, counterexample }).toEqual({ what: null, counterexample: null })
    },
    patienceMs,
  )
})

describe('unsafe, and why', () => {
  test.each(variants)(
    '$name: $why',
    (variant) => {
      const { case: one, finds = /^1 oversold$/ } = variant
      const { what, counterexample } = explore(one, rulesOf(variant), {
        checks: variant.finds ? 'everything' : 'oversell',
      })
      process.stdout.write(`${variant.name}: ${what}\n  ${counterexample?.join(', ')}\n`)
      expect(what).toMatch(finds)
      expect(follow(one, rulesOf(variant), counterexample!)).toBe(counterexample!.length)
      // The same steps under the project's rule: it refuses one of them, or they do no harm.
      if (Object.keys(variant.rules).length > 0 && !variant.rules.repeatsWrites)
        expect(explore(one, projectRules).what).toBe(null)
    },
    patienceMs,
  )
})
