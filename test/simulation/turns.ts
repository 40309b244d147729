/**
 * Operations under way at once, one step at a time: each stops at every spot, and chance says who goes on. Real
 * connections and real locks: who waits for a lock of another is asked of the database, not guessed from time.
 */
import type { Database } from '../../src/database/pool.ts'

export interface Connection {
  db: Database
  /** A transaction has it; nothing else of the same task can use it. */
  held: boolean
}

interface Stopped {
  task: number
  number: number
  /** It needs the connection of its task for itself. */
  connection: Connection | null
  go(): void
}

export interface Turns {
  /** Stops here until it is this task's turn. */
  stop(task: number, connection: Connection | null): Promise<void>
  /** Something of the task is under way outside (a statement, a call); ends with the answer. */
  leave(task: number): () => void
  /** Whether the task had to wait for a lock since it was last asked. */
  waited(task: number): boolean
  all<T>(tasks: readonly (() => Promise<T>)[]): Promise<PromiseSettledResult<T>[]>
  /** Whose turn it was, as letters. */
  taken(): string
}

export async function createTurns(
  connections: readonly Connection[],
  watcher: Database,
  random: () => number,
): Promise<Turns> {
  const pids: number[] = []
  for (const { db } of connections) pids.push((await db.one<{ pid: number }>('select pg_backend_pid() as pid'))!.pid)
  let stopped: Stopped[] = []
  let count = 0
  const away = new Map<number, number>()
  const finished = new Set<number>()
  const blocked = new Set<number>()
  const letters: string[] = []
  let moved = () => {}

  const isStopped = (task: number) => stopped.some((one) => one.task === task)
  const isAway = (task: number) => (away.get(task) ?? 0) > 0
  const tasks = connections.map((_, task) => task)

  /** Until nobody moves any more: each has finished, stands at a spot, or waits for a lock of another. */
  const settled = async () => {
    let still = 0
    for (;;) {
      for (let round = 0; round < 3; round += 1) await new Promise(setImmediate)
      const open = tasks.filter((task) => !finished.has(task))
      const underway = open.filter(isAway)
      if (underway.length === 0 && open.every(isStopped)) return
      if (underway.length === 0) {
        // Who neither moves nor stands anywhere waits for another task inside the process (in one group of checkouts).
        still += 1
        if (still > 20 && open.some(isStopped)) return
        continue
      }
      still = 0
      // Whoever comes back says so; only who waits for a lock says nothing.
      await new Promise<void>((resolve) => {
        moved = resolve
        setTimeout(resolve, 1)
      })
      if (!underway.every(isAway)) continue
      const rows = await watcher.rows<{ pid: number }>(
        'select pid from unnest($1::int[]) as t(pid) where cardinality(pg_blocking_pids(pid)) > 0',
        [underway.map((task) => pids[task]!)],
      )
      if (rows.length < underway.length || !underway.every(isAway)) continue
      for (const task of underway) blocked.add(task)
      if (open.every((task) => isAway(task) || isStopped(task)) && open.some(isStopped)) return
    }
  }
  return {
    async stop(task, connection) {
      count += 1
      const number = count
      await new Promise<void>((go) => stopped.push({ task, number, connection, go }))
    },
    leave(task) {
      away.set(task, (away.get(task) ?? 0) + 1)
      let back = false
      return () => {
        if (!back) away.set(task, away.get(task)! - 1)
        back = true
        moved()
      }
    },
    waited: (task) => blocked.delete(task),
    async all(work) {
      const running = work.map(async (one, task) => {
        try {
          await new Promise<void>((go) => stopped.push({ task, number: 0, connection: null, go }))
          return await one()
        } finally {
          finished.add(task)
          moved()
        }
      })
      const results = Promise.allSettled(running)
      while (finished.size < work.length) {
        await settled()
        const ready = stopped
          .filter(({ connection }) => !connection?.held)
          .sort((a, b) => a.task - b.task || a.number - b.number)
        const next = ready[Math.floor(random() * ready.length)]
        if (!next) continue
        letters.push('ABCDEFGH'[next.task]!)
        stopped = stopped.filter((one) => one !== next)
        next.go()
      }
      return await results
    },
    taken: () => letters.join(''),
  }
}
