/**
 * Tells the other processes of an installation that something to write may be waiting. A hint and no more: what is to
 * be done stands in the tables, and whoever misses a hint finds it at the next look.
 *
 * Rung after the commit by the process, not inside the transaction: a transaction that notifies commits under a lock
 * of the whole database, which took more than half of the commits per second (docs/decisions.md).
 */
import pg from 'pg'

const name = 'entrepot_wake'
/** Rings that come closer together are one. */
const gapMs = 20
const retryMs = { least: 100, most: 5_000 }

export interface Wakes {
  /** Wakes the others, soon and at least once after this moment. */
  ring(): void
  close(): Promise<void>
}

/** One connection of its own that listens and rings, opened anew whenever it breaks. `heard` is called for rings of others. */
export function shareWakes(url: string, heard: () => void): Wakes {
  const closing = new AbortController()
  let client: pg.Client | undefined
  let drop = () => {}
  let wanted = false
  let ringing = false
  const ringAll = async () => {
    if (ringing) return
    ringing = true
    try {
      while (wanted && client) {
        wanted = false
        await client.query(`notify ${name}`)
        await pause(gapMs, closing.signal)
      }
    } catch {
      // The connection broke under it, or hangs; the next one rings again.
      wanted = true
      drop()
    } finally {
      ringing = false
    }
  }
  const listening = keepOpen(url, closing.signal, {
    opened(next, end) {
      client = next
      drop = end
      // What was rung while nobody listened here.
      heard()
      void ringAll()
    },
    heard,
    broken() {
      client = undefined
    },
  })
  return {
    ring() {
      wanted = true
      void ringAll()
    },
    async close() {
      closing.abort()
      await listening
    },
  }
}

interface Line {
  /** `end` gives the connection up for a new one. */
  opened(client: pg.Client, end: () => void): void
  heard(): void
  broken(): void
}

async function keepOpen(url: string, closing: AbortSignal, line: Line): Promise<void> {
  for (let wait = retryMs.least; !closing.aborted; wait = Math.min(wait * 2, retryMs.most)) {
    const client = new pg.Client({
      connectionString: url,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      query_timeout: 5_000,
      application_name: 'entrepot wakes',
    })
    const ended = Promise.withResolvers<void>()
    client.once('end', () => ended.resolve())
    client.on('error', () => ended.resolve())
    const stop = () => ended.resolve()
    closing.addEventListener('abort', stop)
    try {
      await client.connect()
      // Its own rings come back, too.
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
      client.on('notification', ({ processId }) => {
        if (processId !== rows[0]!.pid) line.heard()
      })
      await client.query(`listen ${name}`)
      line.opened(client, () => ended.resolve())
      wait = retryMs.least
      await ended.promise
    } catch {
      // Tried again below; until then everybody looks by the clock.
    }
    closing.removeEventListener('abort', stop)
    line.broken()
    void client.end().catch(() => {})
    await pause(wait, closing)
  }
}

function pause(ms: number, closing: AbortSignal): Promise<void> {
  if (closing.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      closing.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    closing.addEventListener('abort', end)
  })
}
