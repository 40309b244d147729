import { expect, test } from 'vitest'
import { ChannelError, type ChannelErrorKind } from '../domain/errors.ts'
import type { Account } from './connector.ts'
import { countedTry } from './one-by-one.ts'

const account = { now: () => new Date(1_000) } as Account
const answers = async () => 'an answer'
const failing = (kind: ChannelErrorKind, code = 'odd', retryAt?: Date) =>
  new ChannelError(kind, code, 'odd', { retryAt })
const fails = (error: Error) => async () => {
  throw error
}

test('a try counts where the channel answers something else, and the trouble may be of one order', async () => {
  for (const error of [failing('unavailable'), failing('rejected'), failing('conflict'), failing('auth', 'HTTP 403')])
    expect(await countedTry(account, error, answers)).toBe(error)
  for (const error of [failing('auth', 'HTTP 401'), failing('throttled'), failing('missing'), new Error('a bug')])
    await expect(countedTry(account, error, answers)).rejects.toBe(error)
})

test('where the channel answers nothing else, that is the trouble', async () => {
  const trouble = failing('auth', 'HTTP 401')
  await expect(countedTry(account, failing('unavailable'), fails(trouble))).rejects.toBe(trouble)
  const bug = new Error('a bug')
  await expect(countedTry(account, failing('unavailable'), fails(bug))).rejects.toBe(bug)
})

test('where only our own allowance is missing, more is waited for than one call spends', async () => {
  const wait = async (ms: number) =>
    await countedTry(account, failing('rejected'), fails(failing('throttled', 'budget', new Date(1_000 + ms)))).catch(
      ({ retryAt }: ChannelError) => retryAt!.getTime() - 1_000,
    )
  expect(await wait(200)).toBe(10_000)
  expect(await wait(60_000)).toBe(60_000)
})
