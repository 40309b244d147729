import { expect, test } from 'vitest'
import { ChannelError } from '../domain/errors.ts'
import { readInTurn } from './in-turn.ts'

const now = () => new Date(1_000)
const empty = (afterMs: number) =>
  new ChannelError('throttled', 'budget', 'the allowance is used up', { retryAt: new Date(1_000 + afterMs) })
const refused = new ChannelError('rejected', '25709', 'no such word')
const away = new ChannelError('unavailable', '503', 'not now')

const all = Array.from({ length: 25 }, (_, index) => ({ sku: `S${index}` }))
const skus = (list: readonly { sku: string }[]) => list.map(({ sku }) => sku)
const fresh = { tries: 0, proof: undefined }

/** Each answers as it is told to; the others are read. */
function reader(answers: (sku: string, calls: number) => Error | undefined = () => undefined) {
  const asked: string[] = []
  const read = async ({ sku }: { sku: string }): Promise<string> => {
    asked.push(sku)
    const error = answers(sku, asked.length)
    if (error) throw error
    return `read ${sku}`
  }
  return { asked, read, ask: async (sku: string) => await read({ sku }), now }
}
/** Answers so many, then no more. */
const only = (allowed: number, error: Error) => reader((_, calls) => (calls > allowed ? error : undefined))

test('everything, ten at once, in its order', async () => {
  const { read, done, left } = await readInTurn(all, 10, reader(), fresh)
  expect(read).toEqual(all.map(({ sku }) => `read ${sku}`))
  expect([done, left]).toEqual([skus(all), { tries: 0, proof: 'S24' }])
})

test('what was read before the allowance ended is kept, and no further call is tried', async () => {
  const some = only(13, empty(50))
  expect(await readInTurn(all, 10, some, fresh)).toMatchObject({ done: { length: 13 }, read: { length: 13 } })
  expect(some.asked).toHaveLength(20)
})

test('where nothing could be read, the wait is for as many calls as leave together, and never long', async () => {
  const wait = async (error: ChannelError) =>
    await readInTurn(all, 10, only(0, error), fresh).catch(({ retryAt }: ChannelError) => retryAt!.getTime() - 1_000)
  expect(await wait(empty(50))).toBe(500)
  expect(await wait(empty(5_000))).toBe(10_000)
  expect(await wait(empty(60_000))).toBe(60_000)
  // The channel's own word is taken as it is.
  expect(await wait(new ChannelError('throttled', '429', 'slow down', { retryAt: new Date(1_050) }))).toBe(50)
})

test('one that is refused is told as unreadable; the others are read', async () => {
  const { read, done, unreadable } = await readInTurn(
    all,
    10,
    reader((sku) => (sku === 'S3' ? refused : undefined)),
    fresh,
  )
  expect([read.length, done.toSorted()]).toEqual([24, skus(all).toSorted()])
  expect(unreadable).toEqual([{ remoteId: 'S3', where: '25709', raw: { sku: 'S3' } }])
})

test('one that fails while others are answered is tried again, and then told as unreadable', async () => {
  const odd = () => reader((sku) => (sku === 'S3' ? away : undefined))
  const first = await readInTurn(all, 10, odd(), fresh)
  expect(first).toMatchObject({ unreadable: [], left: { tries: 1, proof: 'S24' } })
  expect([first.read.length, first.done.includes('S3')]).toEqual([24, false])
  // That the others are answered still is asked by one that was.
  const again = odd()
  const second = await readInTurn([all[3]!], 10, again, first.left)
  expect([second.left.tries, again.asked]).toEqual([2, ['S3', 'S24']])
  const third = await readInTurn([all[3]!], 10, odd(), second.left)
  expect(third).toMatchObject({ done: ['S3'], unreadable: [{ remoteId: 'S3', where: '503' }] })
})

test('where no other is answered either, all fail: nothing is told as unreadable, and no more is asked', async () => {
  for (const error of [refused, away]) {
    const none = only(0, error)
    await expect(readInTurn(all, 10, none, fresh)).rejects.toBe(error)
    expect(none.asked).toHaveLength(10)
    await expect(readInTurn(all, 10, only(0, error), { tries: 2, proof: 'S99' })).rejects.toBe(error)
    await expect(readInTurn([all[3]!], 10, only(0, error), { tries: 2, proof: 'S99' })).rejects.toBe(error)
  }
  // It fails from the fourth call on: what was read is kept.
  const part = only(3, away)
  expect(await readInTurn(all, 10, part, fresh)).toMatchObject({ done: ['S0', 'S1', 'S2'], left: { tries: 1 } })
  expect(part.asked).toHaveLength(20)
})

test('a single one that is refused is no trouble of all', async () => {
  const one = await readInTurn([all[3]!], 10, only(0, refused), fresh)
  expect(one).toMatchObject({ done: ['S3'], unreadable: [{ remoteId: 'S3' }] })
})

test('the login and the allowance are nobody’s own; what nobody expected is thrown', async () => {
  const login = new ChannelError('auth', 'invalid_grant', 'sign in again')
  for (const error of [login, empty(50)]) {
    const odd = reader((sku, calls) => (sku === 'S3' ? away : calls > 5 ? error : undefined))
    expect(await readInTurn(all, 10, odd, { tries: 2, proof: 'S9' })).toMatchObject({
      done: ['S0', 'S1', 'S2', 'S4'],
      unreadable: [],
    })
  }
  await expect(readInTurn(all, 10, only(0, login), fresh)).rejects.toBe(login)
  await expect(readInTurn(all, 10, only(3, new Error('a bug')), fresh)).rejects.toThrow('a bug')
})
