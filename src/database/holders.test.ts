import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { holders } from './holders.ts'

const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
})

const here = holders({ oneMachine: false })
const isLinux = process.platform === 'linux'

/** A process, and the name it would have given itself. */
async function another(): Promise<{ child: ChildProcess; name: string }> {
  const child = spawn(process.execPath, ['-e', 'process.stdout.write("up"); setInterval(() => {}, 1000)'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  await once(child.stdout!, 'data')
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
  const fields = here.name('x').split('|')
  fields[1] = String(child.pid)
  fields[2] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!
  return { child, name: fields.join('|') }
}

test('this process is alive, and each start has its own name', () => {
  expect(here.isDead(here.name('a'))).toBe(false)
  expect(here.name('a')).not.toBe(here.name('b'))
})

test.runIf(isLinux)('a process is alive until it was killed, also while it is stopped', async () => {
  const { child, name } = await another()
  expect(here.isDead(name)).toBe(false)
  child.kill('SIGSTOP')
  await expect.poll(() => readFileSync(`/proc/${child.pid}/stat`, 'utf8')).toContain(') T ')
  expect(here.isDead(name)).toBe(false)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(here.isDead(name)).toBe(true)
})

test.runIf(isLinux)('a process that its parent did not collect yet is dead once it ended', async () => {
  const { child, name } = await another()
  child.kill('SIGKILL')
  // This process cannot collect it before it waits: until then it is a zombie.
  const end = performance.now() + 5_000
  while (!here.isDead(name) && performance.now() < end) {}
  expect(readFileSync(`/proc/${child.pid}/stat`, 'utf8')).toContain(') Z ')
  expect(here.isDead(name)).toBe(true)
})

test.runIf(isLinux)('a number that another process has now is no sign of life', async () => {
  const { name } = await another()
  const fields = name.split('|')
  fields[2] = String(Number(fields[2]) - 1)
  expect(here.isDead(fields.join('|'))).toBe(true)
})

test.runIf(isLinux)('what cannot be proven counts as alive', async () => {
  const { child, name } = await another()
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(here.isDead(name)).toBe(true)
  const [host, pid, start, space, nonce] = name.split('|') as [string, string, string, string, string]
  const [boot, numbers, time] = space.split(' ') as [string, string, string]
  const elsewhere = {
    'another boot or machine': [boot.replace(/^./, (digit) => (digit === '0' ? '1' : '0')), numbers, time],
    'another container': [boot, 'pid:[1]', time],
    'another time namespace': [boot, numbers, 'time:[1]'],
    nowhere: [''],
  }
  for (const [what, where] of Object.entries(elsewhere))
    expect(here.isDead([host, pid, start, where.join(' '), nonce].join('|')), what).toBe(false)
  // Names of earlier versions, and no names at all.
  for (const other of [`${host}:${pid}:${nonce}`, '', 'test', `${host}||${start}|${space}|x`, `a|-1|0|${space}|x`])
    expect(here.isDead(other), other).toBe(false)
})
