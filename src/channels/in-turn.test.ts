import { expect, test } from 'vitest'
import { ChannelError } from '../domain/errors.ts'
import { readInTurn } from './in-turn.ts'

const now = () => new Date(1_000)
const empty = (afterMs: number) =>
  new ChannelError('throttled', 'budget', 'the allowance is used up', { retryAt: new Date(1_000 + afterMs) })

/** Answers so many, then the allowance is used up. */
function reader(allowed: number, error: Error = empty(50)) {
  const asked: number[] = []
  let left = allowed
  const read = async (one: number): Promise<string> => {
    asked.push(one)
    left -= 1
    if (left < 0) throw error
    return `read ${one}`
  }
  return { asked, read, now }
}
const all = Array.from({ length: 25 }, (_, index) => index)

test('everything, ten at once, in its order', async () => {
  const { read, done } = await readInTurn(all, 10, reader(25))
  expect(read).toEqual(all.map((one) => `read ${one}`))
  expect(done).toBe(25)
})

test('what was read before the allowance ended is kept, and no further call is tried', async () => {
  const some = reader(13)
  expect(await readInTurn(all, 10, some)).toMatchObject({ done: 13, read: { length: 13 } })
  expect(some.asked).toHaveLength(20)
})

test('where nothing could be read, the wait is for as many calls as leave together, and never long', async () => {
  const wait = async (error: ChannelError) =>
    await readInTurn(all, 10, reader(0, error)).catch(({ retryAt }: ChannelError) => retryAt!.getTime() - 1_000)
  expect(await wait(empty(50))).toBe(500)
  expect(await wait(empty(5_000))).toBe(10_000)
  expect(await wait(empty(60_000))).toBe(60_000)
  // The channel's own word is taken as it is.
  expect(await wait(new ChannelError('throttled', '429', 'slow down', { retryAt: new Date(1_050) }))).toBe(50)
})

test('another refusal ends the page as well; what nobody expected is thrown', async () => {
  const refused = new ChannelError('unavailable', '503', 'not now')
  expect(await readInTurn(all, 10, reader(3, refused))).toMatchObject({ done: 3 })
  await expect(readInTurn(all, 10, reader(0, refused))).rejects.toBe(refused)
  await expect(readInTurn(all, 10, reader(3, new Error('a bug')))).rejects.toThrow('a bug')
})
