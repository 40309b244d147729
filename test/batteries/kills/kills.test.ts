/** R38 in short; `npm run test:long -- kills` kills a thousand times. */
import { expect, test } from 'vitest'
import { kills, printCount } from '../../support/iterations.ts'
import { type Episode, runEpisode } from './episode.ts'
import { add, sentence } from './figures.ts'

test('a hub that is killed loses nothing it acknowledged and does nothing twice', async () => {
  const episodes: Episode[] = []
  // Half of them with a database of their own, behind DATABASE_URL.
  for (const [index, variant] of (['built-in', 'url'] as const).entries())
    episodes.push(await runEpisode({ seed: index + 1, variant, kills: kills / 2 }))
  const figures = add(episodes)
  printCount('kills', figures.kills)
  process.stdout.write(`${sentence(figures)}\n`)
  expect(figures.faults).toEqual([])
  expect(figures.kills).toBe(kills)
  expect(figures.openShare).toBeGreaterThanOrEqual(0.3)
}, 600_000)
