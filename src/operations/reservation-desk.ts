/**
 * Where checkouts queue: those that come while a group is being written form the next one, and a group is one
 * transaction. Under contention a hot SKU costs one lock and one flush to disk for a hundred buyers instead of one each.
 */
import { type AccountRow, findAccounts } from '../database/accounts.ts'
import { type AnswerKey, findAnswers, insertAnswers, type StoredAnswer } from '../database/idempotency.ts'
import type { Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'
import { type ReservationRequest, type Reserved, reserveAll } from './reserve-stock.ts'

/** The Idempotency-Key of a request, and the answer that is stored with it. */
export interface Once extends AnswerKey {
  hash: Buffer
  answer(tx: Sql, reserved: Reserved, account: AccountRow): Promise<Pick<StoredAnswer, 'status' | 'answer'>>
}

export interface DeskRequest {
  /** Id or name of the account. */
  account: string
  request: ReservationRequest
  once?: Once
}

/** What was reserved now or before under the same reference; or the answer that the key got the first time. */
export type DeskAnswer = { reserved: Reserved } | { stored: StoredAnswer }

export interface ReservationDesk {
  /** Resolves when the reservation is durable. Rejects with the Problem of a refusal. */
  reserve(wanted: DeskRequest): Promise<DeskAnswer>
}

interface Waiting extends DeskRequest {
  resolve(answer: DeskAnswer): void
  reject(error: unknown): void
}

/** Checkouts in one transaction at most: beyond this a group only makes its last member wait. */
const mostInGroup = 500
/** While one group of a lane flushes to disk the next one is decided. */
const groupsAtOnce = 2
/** A SKU that so many wait for is hot, until fewer than so many do. */
const [hotFrom, hotUntil] = [100, 25]

/** Checkouts that hold a hot SKU have groups of their own: nobody else waits for its lock, or behind its buyers. */
const lanes = ['others', 'hot'] as const
type Lane = (typeof lanes)[number]

type DeskContext = Pick<Context, 'db' | 'clock' | 'newId' | 'wake' | 'registry'>

export function createReservationDesk(ctx: DeskContext): ReservationDesk {
  const queue: Waiting[] = []
  const crowd = createCrowd()
  const running: Record<Lane, number> = { others: 0, hot: 0 }
  let planned = false
  const next = () => {
    planned = false
    for (const lane of lanes) {
      if (running[lane] >= groupsAtOnce) continue
      const group = takeGroup(queue, (one) => crowd.laneOf(one) === lane)
      if (group.length === 0) continue
      running[lane] += 1
      void serve(ctx, group).finally(() => {
        running[lane] -= 1
        for (const one of group) crowd.leave(one)
        plan()
      })
      plan()
    }
  }
  // A turn of the event loop later, so that callers who were just answered and ask again are in the same group.
  const plan = () => {
    if (planned || queue.length === 0 || lanes.every((lane) => running[lane] >= groupsAtOnce)) return
    planned = true
    setImmediate(next)
  }
  return {
    reserve: (wanted) =>
      new Promise((resolve, reject) => {
        const one = { ...wanted, resolve, reject }
        queue.push(one)
        crowd.join(one)
        plan()
      }),
  }
}

/** How many wait for what. */
function createCrowd() {
  const waiting = new Map<string, number>()
  const hot = new Set<string>()
  const count = (sku: string, more: number) => {
    const units = (waiting.get(sku) ?? 0) + more
    if (units === 0) waiting.delete(sku)
    else waiting.set(sku, units)
    if (units >= hotFrom) hot.add(sku)
    else if (units < hotUntil) hot.delete(sku)
  }
  const each = ({ request }: DeskRequest, more: number) => {
    for (const { sku } of request.lines) count(sku, more)
  }
  return {
    join: (one: DeskRequest) => each(one, 1),
    leave: (one: DeskRequest) => each(one, -1),
    laneOf: ({ request }: DeskRequest): Lane =>
      hot.size > 0 && request.lines.some(({ sku }) => hot.has(sku)) ? 'hot' : 'others',
  }
}

/** The first ones in the queue, without two that ask under the same reference or key: those see each other's answer. */
function takeGroup(queue: Waiting[], isWanted: (one: Waiting) => boolean): Waiting[] {
  const taken = new Set<string>()
  const group: Waiting[] = []
  const later: Waiting[] = []
  for (const one of queue.splice(0)) {
    if (group.length >= mostInGroup || !isWanted(one)) {
      later.push(one)
      continue
    }
    const names = [
      `reference ${one.request.reference}`,
      ...(one.once ? [`key ${one.once.caller} ${one.once.key}`] : []),
    ]
    if (names.some((name) => taken.has(name))) later.push(one)
    else {
      for (const name of names) taken.add(name)
      group.push(one)
    }
  }
  queue.push(...later)
  return group
}

async function serve(ctx: DeskContext, group: readonly Waiting[]): Promise<void> {
  try {
    const answers = await ctx.db.transaction((tx) => answerAll(tx, ctx, group))
    group.forEach((one, index) => {
      const answer = answers[index]!
      if (answer instanceof Problem) one.reject(answer)
      else one.resolve(answer)
    })
    if (answers.some((answer) => !(answer instanceof Problem) && 'reserved' in answer)) ctx.wake()
  } catch (error) {
    // What fails alone fails for its caller; what fails in company is tried alone, so that one spoils nobody else's.
    // A database that is away answers none of them.
    const isFinal = (group.length === 1 && !isTaken(error)) || ctx.db.troubleOf(error) !== null
    for (const one of group) await (isFinal ? one.reject(error) : serveAlone(ctx, one))
  }
}

/** A reference or key that another process used in the meantime is found by looking again. */
const isTaken = (error: unknown): boolean => (error as { code?: string }).code === '23505'

async function serveAlone(ctx: DeskContext, one: Waiting, triesLeft = 3): Promise<void> {
  try {
    const [answer] = await ctx.db.transaction((tx) => answerAll(tx, ctx, [one]))
    if (answer instanceof Problem) one.reject(answer)
    else one.resolve(answer!)
    ctx.wake()
  } catch (error) {
    if (isTaken(error) && triesLeft > 0) return await serveAlone(ctx, one, triesLeft - 1)
    one.reject(error)
  }
}

async function answerAll(tx: Sql, ctx: DeskContext, group: readonly Waiting[]): Promise<(DeskAnswer | Problem)[]> {
  const keys = group.flatMap(({ once }) => (once ? [once] : []))
  const [accounts, stored] = await Promise.all([
    findAccounts(
      tx,
      group.map((one) => one.account),
    ),
    findAnswers(tx, keys),
  ])
  const answers = new Map<Waiting, DeskAnswer | Problem>()
  const wanted: { one: Waiting; account: AccountRow; request: ReservationRequest }[] = []
  for (const one of group) {
    const before = one.once && stored.get(`${one.once.caller} ${one.once.key}`)
    const account = accounts.get(one.account)
    if (before)
      answers.set(one, before.hash.equals(one.once!.hash) ? { stored: before } : new Problem('idempotency_key_reused'))
    else if (!account) answers.set(one, new Problem('unknown_account', { account: one.account }))
    else wanted.push({ one, account, request: one.request })
  }
  const outcomes = await reserveAll(tx, ctx, wanted)
  const toStore: (StoredAnswer & AnswerKey)[] = []
  for (const [index, { one, account }] of wanted.entries()) {
    const outcome = outcomes[index]!
    answers.set(one, outcome instanceof Problem ? outcome : { reserved: outcome })
    // Refusals store nothing: they may be tried again under the same key.
    if (!one.once || outcome instanceof Problem) continue
    const { caller, key, hash } = one.once
    toStore.push({ caller, key, hash, ...(await one.once.answer(tx, outcome, account)) })
  }
  await insertAnswers(tx, toStore, ctx.clock.now())
  return group.map((one) => answers.get(one)!)
}
