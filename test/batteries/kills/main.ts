/**
 * `npm run test:long -- kills [--minutes N]`: a thousand kills, in episodes of fifty, each an installation of its own. What was
 * done stands in test/results/kills.json; a later run goes on from there.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Episode, runEpisode } from './episode.ts'
import { add, sentence } from './figures.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string' }, done: { type: 'string' } } })
const wanted = 1_000
const perEpisode = 50
const end = values.minutes ? performance.now() + Number(values.minutes) * 60_000 : Number.POSITIVE_INFINITY
const episodes: Episode[] = values.done ? JSON.parse(readFileSync(values.done, 'utf8')).detail : []
const say = (line: string) => process.stdout.write(`${line}\n`)

while (add(episodes).kills < wanted && performance.now() < end) {
  const seed = episodes.length + 1
  const episode = await runEpisode({ seed, variant: seed % 2 ? 'built-in' : 'url', kills: perEpisode }, undefined, end)
  episodes.push(episode)
  const figures = add(episodes)
  say(`episode ${seed} (${episode.variant})\n${sentence(figures)}`)
  process.send?.({ detail: episodes, figures, complete: figures.kills >= wanted, ok: figures.ok })
}
process.disconnect?.()
