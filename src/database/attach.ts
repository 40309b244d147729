/** The embedded database of a hub that runs on the same folder: commands join it instead of starting a second one. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { contentOf } from './binaries.ts'
import { DataDirInUse, type EmbeddedOptions, startEmbedded } from './supervisor.ts'

export interface EmbeddedUse {
  url: string
  /** True where another process keeps the server. */
  joined: boolean
  stop(): Promise<void>
}

/** How long a hub that is just starting may take to have its database ready. */
const startingMs = 30_000
/** How long commands that joined may go on after the one that started the database. */
const finishingMs = 10 * 60_000

/** Starts the embedded database for as long as it is used, or joins the one that a hub keeps on this folder. */
export async function startOrJoin(options: EmbeddedOptions): Promise<EmbeddedUse> {
  const deadline = Date.now() + startingMs
  for (;;) {
    try {
      const { url, stop } = await startEmbedded(options)
      const stopLast = async () => {
        await othersGone(url)
        await stop()
      }
      return { url, joined: false, stop: stopLast }
    } catch (error) {
      if (!(error instanceof DataDirInUse)) throw error
      const url = await addressOfRunning(options.dataDir)
      if (url) return { url, joined: true, stop: async () => {} }
      // The hub is starting, or just stopped: one of both will be over soon.
      if (Date.now() > deadline) throw error
      await sleep(200)
    }
  }
}

/** Undefined where no server answers to the folder's own password. */
async function addressOfRunning(dataDir: string): Promise<string | undefined> {
  const folder = fs.realpathSync(dataDir)
  const home = contentOf(path.join(folder, 'postgres.location'))?.trim() ?? folder
  const port = Number(contentOf(path.join(home, 'postgres', 'postmaster.pid'))?.split('\n')[3])
  const password = contentOf(path.join(folder, 'postgres.password'))?.trim()
  if (!(port > 0) || !password) return undefined
  const url = `postgres://entrepot:${password}@127.0.0.1:${port}/entrepot`
  const client = new pg.Client({ connectionString: url, ssl: false, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return url
  } catch {
    return undefined
  } finally {
    await client.end().catch(() => {})
  }
}

/** Commands that joined meanwhile finish first; a hub cannot be among them, for it would not have started. */
async function othersGone(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, ssl: false, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    for (const deadline = Date.now() + finishingMs; Date.now() < deadline; await sleep(100)) {
      const { rowCount } = await client.query(
        `select 1 from pg_stat_activity where datname = current_database() and application_name like 'entrepot%'`,
      )
      if (rowCount === 0) return
    }
  } catch {
    // A server that does not answer is stopped all the same.
  } finally {
    await client.end().catch(() => {})
  }
}
