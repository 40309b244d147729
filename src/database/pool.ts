/** The only importer of the driver. Statements are named, so that the server plans each hot one once a connection. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { createHash } from 'node:crypto'
import pg from 'pg'
import { databaseProblem, Problem } from '../domain/errors.ts'
import type { StorageTrouble } from './storage.ts'
import { type DatabaseTrouble, troubleOf } from './trouble.ts'

// bigint counts of units stay far below 2^53; a value beyond is a fault and must not be rounded silently.
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`database: ${text} does not fit a number`)
  return value
})

export type Row = Record<string, unknown>

/** Anything that runs statements: the pool outside, a transaction inside. */
export interface Sql {
  /** Runs one statement with $1… parameters and answers its rows. */
  rows<T extends object = Row>(text: string, values?: readonly unknown[]): Promise<T[]>
  /** The same where one row or none is expected. */
  one<T extends object = Row>(text: string, values?: readonly unknown[]): Promise<T | undefined>
  /** Runs one statement and answers how many rows it touched. */
  run(text: string, values?: readonly unknown[]): Promise<number>
  /**
   * Runs one statement whose answer nobody needs. Inside a transaction it leaves without waiting, in order with the
   * others, and its failure fails the transaction; outside it is awaited like any other.
   */
  send(text: string, values?: readonly unknown[]): Promise<void>
}

export interface Database extends Sql {
  /**
   * Runs `work` in one transaction. Deadlocks and serialization failures begin anew (locks are taken in one order
   * everywhere, so this is for the unforeseen); everything else rolls back and is thrown.
   */
  transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T>
  /** One connection that keeps its session, for advisory locks; released after `work`. */
  session<T>(work: (session: Sql) => Promise<T>): Promise<T>
  /**
   * What an error of this database means to a caller; null where it says nothing about its health. The connection may
   * have ended at the commit: then nobody here knows whether the change was stored.
   */
  troubleOf(error: unknown): DatabaseTrouble | null
  /** What the last transactions met with; null as soon as one was stored, or when none tried for a while. */
  trouble(): DatabaseTrouble | null
  readonly url: string
  close(): Promise<void>
}

const names = new Map<string, string>()
function nameOf(text: string): string {
  let name = names.get(text)
  if (!name) {
    name = createHash('sha1').update(text).digest('base64url').slice(0, 20)
    names.set(text, name)
  }
  return name
}

interface Queryable {
  query(config: {
    name?: string
    text: string
    values: unknown[]
  }): Promise<{ rows: unknown[]; rowCount: number | null }>
}

/** The statements of one connection or of a pool. */
export function sqlOver(client: Queryable): Sql {
  const query = (text: string, values: readonly unknown[] = []) =>
    client.query({ name: nameOf(text), text, values: values as unknown[] })
  return {
    rows: async <T>(text: string, values?: readonly unknown[]) => (await query(text, values)).rows as T[],
    one: async <T>(text: string, values?: readonly unknown[]) => (await query(text, values)).rows[0] as T | undefined,
    run: async (text, values) => (await query(text, values)).rowCount ?? 0,
    send: async (text, values) => {
      await query(text, values)
    },
  }
}

/** The same inside a transaction, where statements sent without waiting are remembered until its end. */
function txOver(client: Queryable) {
  const failures: unknown[] = []
  const sent: Promise<void>[] = []
  const sql = sqlOver(client)
  const tx: Sql = {
    ...sql,
    send(text, values) {
      sent.push(sql.send(text, values).catch((error) => void failures.push(error)))
      return Promise.resolve()
    },
  }
  return {
    tx,
    /** Waits for what was sent; answers the first failure. */
    async settled(): Promise<unknown> {
      await Promise.all(sent)
      return failures[0]
    },
  }
}

const again = new Set(['40001', '40P01'])

const transactions = new AsyncLocalStorage<boolean>()

/** Does this run inside the work of a transaction? Nobody may be waited for there who does not sit in this process. */
export const isInTransaction = (): boolean => transactions.getStore() === true

export interface PoolOptions {
  max?: number
  queryTimeoutMs?: number
  idleInTransactionMs?: number
  /** How the server lists its connections. */
  name?: string
  /** Why the built-in database's folder takes no data now: what a server that is away cannot tell itself. */
  storage?: () => StorageTrouble | null
}

/** Trouble that nothing confirmed for this long is forgotten: a hub that nobody asks must not stay unready for ever. */
const troubleLastsMs = 10_000

const isStorage = (trouble: DatabaseTrouble | null) => trouble?.startsWith('storage') ?? false

function troubles(storage: PoolOptions['storage']) {
  let last: DatabaseTrouble | null = null
  let timer: NodeJS.Timeout | undefined
  const set = (trouble: DatabaseTrouble | null) => {
    last = trouble
    clearTimeout(timer)
    if (trouble) timer = setTimeout(() => (last = null), troubleLastsMs).unref()
  }
  const meaning = (error: unknown): DatabaseTrouble | null => {
    const trouble = troubleOf(error)
    return trouble === 'database_away' ? (storage?.() ?? trouble) : trouble
  }
  return {
    meaning,
    /** The built-in database's folder tells of itself; small changes are stored now and then on a full disk too. */
    last: () => (storage ? (storage() ?? (isStorage(last) ? null : last)) : last),
    noteStored: () => isStorage(last) || set(null),
    noteFailed(error: unknown) {
      const trouble = meaning(error)
      if (trouble) set(trouble)
    },
  }
}

/**
 * Opens the pool. Nothing is connected before the first statement. The address may change between connections: a
 * server that was brought back may listen elsewhere.
 */
export function openDatabase(url: string | (() => string), options: PoolOptions = {}): Database {
  const address = typeof url === 'string' ? () => url : url
  const health = troubles(options.storage)
  const pool = new pg.Pool({
    Client: class extends pg.Client {
      constructor(config?: pg.ClientConfig) {
        super({ ...config, connectionString: address() })
      }
    },
    max: options.max ?? 12,
    // Statements leave without waiting for the answers of those before them: a transaction costs a few round trips.
    pipeline: true,
    // A connection is a process of some megabytes in the database; opening one takes two milliseconds.
    idleTimeoutMillis: 10_000,
    connectionTimeoutMillis: 10_000,
    // A connection that a firewall or a failover dropped without a word must not hold a loop for ever.
    keepAlive: true,
    query_timeout: options.queryTimeoutMs ?? 20_000,
    application_name: options.name ?? 'entrepot',
  })
  // A process that stands still inside a transaction keeps its locks, the one on its lease among them: the server ends
  // such a session before the lease runs out. Said once a connection, as poolers refuse it in the startup.
  const limit = `set idle_in_transaction_session_timeout = ${Math.round(options.idleInTransactionMs ?? 10_000)}`
  const limited = new WeakSet<pg.PoolClient>()
  // An idle connection that the server ends (restart, failover) is replaced at the next use.
  pool.on('error', () => {})
  const connect = async () => {
    const client = await pool.connect()
    // The same while a statement's owner holds it: the statement itself rejects, the event must not end the process.
    if (client.listenerCount('error') === 0) client.on('error', () => {})
    return client
  }
  const inTransaction = async <T>(work: (tx: Sql) => Promise<T>): Promise<T> => {
    const client = await connect().catch((error) => {
      health.noteFailed(error)
      throw error
    })
    let broken: Error | undefined
    const { tx, settled } = txOver(client)
    if (!limited.has(client)) client.query(limit).catch(() => {})
    limited.add(client)
    // Not awaited: the first statement leaves with it. Where it fails, so do all that follow.
    const begun = client.query('begin')
    begun.catch(() => {})
    try {
      const result = await transactions.run(true, () => work(tx))
      // Sent behind the statements that nobody waited for: PostgreSQL answers ROLLBACK where one of them failed.
      const committing = client.query('commit')
      committing.catch(() => {})
      const failure = await settled()
      const { command } = await committing
      if (failure) throw failure
      if (command !== 'COMMIT') throw new Error('database: a statement failed unseen; the transaction was rolled back')
      await begun
      health.noteStored()
      return result
    } catch (error) {
      health.noteFailed(error)
      await client.query('rollback').catch((failed: Error) => {
        broken = failed
      })
      // A statement that met the aborted transaction tells nothing; the one that aborted it does.
      throw (error as { code?: string }).code === '25P02' ? ((await settled()) ?? error) : error
    } finally {
      client.release(broken)
    }
  }
  return {
    ...sqlOver(pool as unknown as Queryable),
    troubleOf: health.meaning,
    trouble: health.last,
    get url() {
      return address()
    },
    async transaction(work) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await inTransaction(work)
        } catch (error) {
          if (attempt >= 5 || !again.has(String((error as { code?: string }).code))) throw error
          // A breath, so that the same two do not meet again at once.
          await new Promise((resolve) => setTimeout(resolve, 5 * attempt * attempt))
        }
      }
    },
    async session(work) {
      const client = await connect()
      try {
        return await work(sqlOver(client))
      } finally {
        client.release()
      }
    },
    close: () => pool.end(),
  }
}

const unreachable = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ECONNRESET',
  '28P01',
  '28000',
  '3D000',
])

/** Connects once and checks the version; says in words what is wrong with the address. */
export async function checkDatabase(db: Database): Promise<void> {
  try {
    const row = await db.one<{ version: number }>(`select current_setting('server_version_num')::int as version`)
    if (row && row.version < 150_000)
      throw new Problem('database_too_old', { version: Math.floor(row.version / 10_000) })
  } catch (error) {
    if (error instanceof Problem) throw error
    const { code, message } = error as { code?: string; message: string }
    if (db.troubleOf(error) === 'database_busy') throw databaseProblem('database_busy', error)
    if ((code && unreachable.has(code)) || /timeout|terminated|no pg_hba/i.test(message)) {
      throw new Problem('database_unreachable', { address: addressOf(db.url), reason: code ?? 'timeout' }, error)
    }
    throw error
  }
}

/** Host, port and database of a connection address, without user and password. */
export function addressOf(url: string): string {
  try {
    const { host, pathname } = new URL(url)
    return `${host}${pathname}`
  } catch {
    return 'DATABASE_URL'
  }
}
