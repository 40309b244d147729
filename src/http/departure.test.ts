import { type ChildProcess, spawn } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttp, WireError } from './client.ts'

// In a process of its own, so that it goes on while this one stands still. It counts calls that came after their time.
const program = `
let seen = 0, late = 0
const server = require('node:http').createServer((request, response) => {
  if (request.url === '/seen') return response.end(JSON.stringify({ seen, late }))
  seen += 1
  if (Date.now() > Number(request.headers['x-until'])) late += 1
  request.resume().on('end', () => response.end('{}'))
}).listen(0, '127.0.0.1', () => console.log(server.address().port))`

let server: ChildProcess
let origin: string
beforeAll(async () => {
  server = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise((resolve) => server.stdout!.once('data', (chunk) => resolve(Number(chunk))))
  origin = `http://127.0.0.1:${port}`
})
afterAll(() => void server.kill())

const timeoutMs = 60
const standStill = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

test('a call that stood still until its deadline never leaves', async () => {
  const failures: WireError[] = []
  let answered = 0
  let checked = () => {}
  const http = createHttp({
    fetch,
    now: () => new Date(0),
    budget: { spend: async () => undefined, exhausted: async () => {}, learned: async () => {} },
    journal: { record: () => {} },
    keep: new Set(),
    guard: () => undefined,
    timeoutMs,
    beforeCall: () => checked(),
  })
  for (let round = 0; round < 24; round += 1) {
    // Half of them open a connection of their own: there the way out is longest.
    const headers: Record<string, string> = round % 2 ? {} : { connection: 'close' }
    const leaving = new Promise<void>((resolve) => {
      checked = () => {
        headers['x-until'] = String(Date.now() + timeoutMs + 20)
        resolve()
      }
    })
    const call = http({
      operation: 'write',
      method: 'POST',
      url: `${origin}/write`,
      body: 'x',
      headers,
    }).then(
      () => void (answered += 1),
      (error: WireError) => void failures.push(error),
    )
    await leaving
    // Somewhere between the check and the first byte.
    for (let turn = 0; turn < round % 4; turn += 1) await null
    if (round % 3 === 1) await new Promise((resolve) => process.nextTick(resolve))
    if (round % 3 === 2) await new Promise((resolve) => setImmediate(resolve))
    standStill(timeoutMs * 2)
    await call
  }
  const { seen, late } = (await (await fetch(`${origin}/seen`)).json()) as { seen: number; late: number }
  expect(late).toBe(0)
  expect(failures.length + answered).toBe(24)
  const held = failures.filter((error) => error instanceof WireError && !error.left)
  expect(held.length).toBeGreaterThan(0)
  // What says that it did not leave did not: only the others may have been seen.
  expect(seen).toBeLessThanOrEqual(24 - held.length)
})
