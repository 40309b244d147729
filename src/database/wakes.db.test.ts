import { afterEach, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { shareWakes, type Wakes } from './wakes.ts'

const own = useDatabase()

const open: Wakes[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((wakes) => wakes.close()))
})

interface Ear extends Wakes {
  heard: number
}

/** A process that listens; heard counts from when it does. */
async function process(): Promise<Ear> {
  const ear: Ear = {
    heard: 0,
    ...shareWakes(own.url, () => {
      ear.heard += 1
    }),
  }
  open.push(ear)
  await expect.poll(() => ear.heard).toBe(1)
  ear.heard = 0
  return ear
}

const connections = async () =>
  await own.db.rows<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and application_name = 'entrepot wakes'`,
  )

test('a ring wakes every other process, and not the one that rang', async () => {
  const [a, b, c] = [await process(), await process(), await process()]
  a.ring()
  await expect.poll(() => [b.heard, c.heard]).toEqual([1, 1])
  b.ring()
  await expect.poll(() => [a.heard, c.heard]).toEqual([1, 2])
  expect(b.heard).toBe(1)
})

test('many rings are few hints, the last of them after the last ring', async () => {
  const [a, b] = [await process(), await process()]
  for (let burst = 0; burst < 10; burst += 1) {
    for (let ring = 0; ring < 1_000; ring += 1) a.ring()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const before = b.heard
  a.ring()
  await expect.poll(() => b.heard).toBeGreaterThan(before)
  expect(b.heard).toBeLessThan(20)
})

test('a connection that breaks is opened again; nothing rung meanwhile is lost, and whoever was deaf looks', async () => {
  const [a, b] = [await process(), await process()]
  for (let round = 1; round <= 3; round += 1) {
    const before = b.heard
    for (const { pid } of await connections()) await own.db.rows('select pg_terminate_backend($1)', [pid])
    a.ring()
    await expect.poll(() => b.heard, { timeout: 10_000 }).toBeGreaterThan(before)
    await expect.poll(async () => (await connections()).length, { timeout: 10_000 }).toBe(2)
  }
  const before = b.heard
  a.ring()
  await expect.poll(() => b.heard).toBeGreaterThan(before)
})

test('a database that is away keeps nobody from closing', async () => {
  const wakes = shareWakes('postgres://nobody@127.0.0.1:1/none', () => {})
  wakes.ring()
  await wakes.close()
})
