/** R38, the instrumented part: the process is interrupted at every await of fixed scenes, in three ways. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connections, openConnections } from '../simulation/installation.ts'
import { type Harm, harms, type Spot, spots } from '../simulation/process.ts'
import { countPoints, interruptAt, type Scene, scenes } from '../simulation/scenes.ts'
import { useDatabase } from '../support/database.ts'
import { crashes, isLong, printCount } from '../support/iterations.ts'

const own = useDatabase()
let connections: Connections
beforeAll(() => {
  connections = openConnections(own.url)
})
afterAll(async () => await connections.close())

/** Fewer would mean that a scene does not do any more what it says. */
const leastPoints = 300

test('every promise holds after an interruption at any point of any scene', async () => {
  const all: { scene: Scene; point: number; harm: Harm }[] = []
  const counted: Record<Spot, number> = { begin: 0, statement: 0, commit: 0, call: 0 }
  for (const scene of scenes) {
    const passed = await countPoints(connections, scene)
    for (const spot of spots) counted[spot] += passed[spot]
    const points = spots.reduce((sum, spot) => sum + passed[spot], 0)
    expect(points, scene.name).toBeGreaterThan(0)
    for (let point = 0; point < points; point += 1) for (const harm of harms) all.push({ scene, point, harm })
  }
  const points = all.length / harms.length
  printCount(`crash points (${spots.map((spot) => `${counted[spot]} ${spot}`).join(', ')})`, points)
  expect(points).toBeGreaterThanOrEqual(leastPoints)
  const number = Math.min(crashes, all.length)
  const done = new Set<string>()
  const wrong: string[] = []
  for (let index = 0; index < number; index += 1) {
    const { scene, point, harm } = all[Math.floor((index * all.length) / number)]!
    try {
      done.add(await interruptAt(connections, scene, point, harm))
    } catch (error) {
      wrong.push(`${scene.name}, point ${point}, ${harm}: ${(error as Error).message}`)
    }
  }
  printCount('interruptions', number)
  expect(wrong).toEqual([])
  if (isLong) expect([...done].sort()).toEqual(spots.flatMap((spot) => harms.map((harm) => `${harm} ${spot}`)).sort())
}, 3_600_000)
