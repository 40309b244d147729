/**
 * The process of the hub as something that can end at any await: every statement, commit and call passes a spot, where
 * it may die or lose an answer, and where two operations under way at once take turns. Nothing of the product knows.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Database, Sql } from '../../src/database/pool.ts'
import { type Connection, createTurns, type Turns } from './turns.ts'

/** What a process waits for: the beginning of a transaction, one statement, a commit, a call to the outside. */
export const spots = ['begin', 'statement', 'commit', 'call'] as const
export type Spot = (typeof spots)[number]

/** Dies before it is carried out; dies after it was, before it learns so; lives on and never gets the answer. */
export const harms = ['before', 'after', 'lost'] as const
export type Harm = (typeof harms)[number]

/** The process died: nothing after this point of the operation happened. */
export class Crash extends Error {}

/** The connection broke, the process lives on. */
export class LostAnswer extends Error {
  readonly code = 'ECONNRESET'
}

export interface Interruption {
  harm: Harm
  /** How many spots (of this kind, where one is given) pass unharmed before. */
  after: number
  spot?: Spot
}

interface Life {
  dead: boolean
}

/** One operation under way: its process, and the connection that it works with. */
interface Strand {
  life: Life
  task: number
  connection: Connection
}

export interface Process {
  /** Seen from inside an operation; outside of one it is the plain database. */
  db: Database
  /** Makes a call that leaves the process pass its spots. */
  calling(fetch: typeof globalThis.fetch): typeof globalThis.fetch
  interrupt(plan: Interruption | null): void
  /** Runs one operation to its end, and waits for what it left behind. */
  run<T>(work: () => Promise<T>): Promise<T>
  /** Runs operations at once, each on a connection of its own; chance decides at each spot whose turn it is. */
  together<T>(work: readonly (() => Promise<T>)[]): Promise<{ results: PromiseSettledResult<T>[]; turns: string }>
  /** Runs something that is no part of the process (what people or the harness do to the database). */
  outside<T>(work: () => Promise<T>): Promise<T>
  /** A request that comes in: by whom it is answered depends on what happened meanwhile. */
  answer<T>(work: () => Promise<T>, refuse: () => T, revive: () => boolean): Promise<T>
  isDead(): boolean
  /** Several operations are under way at once. */
  isShared(): boolean
  /** A new process begins with nothing in memory. */
  begin(): void
  /** How many spots were passed, by kind. */
  passed: Record<Spot, number>
  /** Harms that were done, as "after commit". */
  done: Set<string>
}

export function createProcess(connections: readonly Database[], watcher: Database, random: () => number): Process {
  const strands = new AsyncLocalStorage<Strand>()
  const passed: Record<Spot, number> = { begin: 0, statement: 0, commit: 0, call: 0 }
  const done = new Set<string>()
  let life: Life = { dead: false }
  let plan: Interruption | null = null
  let open = 0
  let turns: Turns | null = null

  const pool = connections.map((db): Connection => ({ db, held: false }))
  const strand = (task: number): Strand => ({ life, task, connection: pool[task]! })
  const mustLive = (one: Strand) => {
    if (one.life.dead) throw new Crash('the process is dead')
  }
  const due = (spot: Spot): Harm | null => {
    passed[spot] += 1
    if (!plan || (plan.spot && plan.spot !== spot)) return null
    if (plan.after > 0) {
      plan = { ...plan, after: plan.after - 1 }
      return null
    }
    const { harm } = plan
    plan = null
    done.add(`${harm} ${spot}`)
    return harm
  }
  const die = (one: Strand, harm: Harm, spot: Spot): never => {
    one.life.dead = true
    throw new Crash(`${harm} ${spot}`)
  }
  const arrive = async (one: Strand, spot: Spot, needsConnection = false): Promise<Harm | null> => {
    await turns?.stop(one.task, needsConnection ? one.connection : null)
    mustLive(one)
    const harm = due(spot)
    if (harm === 'before') die(one, harm, spot)
    return harm
  }
  const depart = (one: Strand, spot: Spot, harm: Harm | null) => {
    if (harm === 'after') die(one, harm, spot)
    mustLive(one)
    if (harm === 'lost') throw new LostAnswer(`${harm} ${spot}`)
  }
  /** Something is under way outside until the answer is called. */
  const leave = (task: number): (() => void) => {
    open += 1
    const back = turns?.leave(task)
    let isBack = false
    return () => {
      if (!isBack) open -= 1
      isBack = true
      back?.()
    }
  }
  const pass = async <T>(one: Strand, spot: Spot, needsConnection: boolean, work: () => Promise<T>): Promise<T> => {
    const harm = await arrive(one, spot, needsConnection)
    const back = leave(one.task)
    try {
      return await work()
    } finally {
      back()
      // Who waited for a lock goes on at the same moment as who gave it up: one after the other.
      if (turns?.waited(one.task)) await turns.stop(one.task, null)
      depart(one, spot, harm)
    }
  }

  /** Statements outside of a transaction are their own commit. */
  const plain = (name: 'rows' | 'one' | 'run' | 'send') =>
    (async (text: string, values?: readonly unknown[]) => {
      const one = strands.getStore()
      const work = (db: Sql) => db[name](text, values) as Promise<unknown>
      if (!one) return await work(connections[0]!)
      return await pass(one, /^\s*select\b/i.test(text) ? 'statement' : 'commit', true, () => work(one.connection.db))
    }) as never

  const transaction = async <T>(work: (tx: Sql) => Promise<T>): Promise<T> => {
    const one = strands.getStore()
    if (!one) return await connections[0]!.transaction(work)
    const harm = await arrive(one, 'begin', true)
    one.connection.held = true
    let back = leave(one.task)
    let committing = null as Harm | null
    try {
      depart(one, 'begin', harm)
      const result = await one.connection.db.transaction(async (tx) => {
        back()
        const inside = inTransaction(tx, (statement) => pass(one, 'statement', false, statement))
        try {
          const answer = await work(inside.tx)
          await inside.settled()
          committing = await arrive(one, 'commit')
          return answer
        } finally {
          await inside.over()
          back = leave(one.task)
        }
      })
      depart(one, 'commit', committing)
      return result
    } finally {
      one.connection.held = false
      back()
    }
  }

  const idle = async () => {
    do for (let round = 0; round < 3; round += 1) await new Promise(setImmediate)
    while (open > 0)
  }
  const db: Database = {
    rows: plain('rows'),
    one: plain('one'),
    run: plain('run'),
    send: plain('send'),
    transaction,
    session: (work) => connections[0]!.session(work),
    troubleOf: (error) => connections[0]!.troubleOf(error),
    trouble: () => connections[0]!.trouble(),
    url: connections[0]!.url,
    close: async () => {},
  }
  return {
    db,
    passed,
    done,
    calling: (fetch) => async (url, init) => {
      const one = strands.getStore()
      if (!one) return await fetch(url, init)
      return await pass(one, 'call', false, () => fetch(url, init)).catch((error) => {
        throw error instanceof LostAnswer ? new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }) : error
      })
    },
    interrupt: (next) => void (plan = next),
    async run(work) {
      try {
        return await strands.run(strand(0), work)
      } finally {
        await idle()
      }
    },
    async together(work) {
      turns = await createTurns(pool.slice(0, work.length), watcher, random)
      try {
        const results = await turns.all(work.map((one, task) => () => strands.run(strand(task), one)))
        return { results, turns: turns.taken() }
      } finally {
        turns = null
        await idle()
      }
    },
    outside: (work) => strands.exit(work),
    async answer(work, refuse, revive) {
      const one = strands.getStore()
      if (!one) return await work()
      let by = one
      if (by.life.dead) {
        if (life.dead && !revive()) return refuse()
        by = strand(one.task)
      }
      const answer = await strands.run(by, work)
      return by.life.dead ? refuse() : answer
    },
    isDead: () => life.dead,
    isShared: () => turns !== null,
    begin() {
      life = { dead: false }
    },
  }
}

/** Statements of one transaction leave one by one, in the order in which they were given. */
function inTransaction(tx: Sql, pass: <T>(statement: () => Promise<T>) => Promise<T>) {
  let last: Promise<unknown> = Promise.resolve()
  let broken: unknown
  const queue = <T>(statement: () => Promise<T>): Promise<T> => {
    const next = last.then(async () => {
      // After a lost connection nothing of this transaction can happen any more.
      if (broken) throw broken
      return await pass(statement).catch((error) => {
        if (error instanceof LostAnswer || error instanceof Crash) broken = error
        throw error
      })
    })
    last = next.catch(() => {})
    return next
  }
  const failures: unknown[] = []
  const inside: Sql = {
    rows: (text, values) => queue(() => tx.rows(text, values)) as never,
    one: (text, values) => queue(() => tx.one(text, values)) as never,
    run: (text, values) => queue(() => tx.run(text, values)),
    async send(text, values) {
      void queue(() => tx.run(text, values)).catch((error) => failures.push(error))
    },
  }
  return {
    tx: inside,
    /** Nothing of it is under way any more. */
    over: async () => void (await last),
    async settled() {
      await last
      if (broken) throw broken
      if (failures.length > 0) throw failures[0]
    },
  }
}
