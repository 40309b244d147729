/** The same reservations over HTTP: a hub in one process, 64 keep-alive connections from another. */
import { join } from 'node:path'
import type { Context } from '../../src/operations/context.ts'
import { addApiKey } from '../../src/sign-in/people.ts'
import type { Run } from '../bench.ts'
import { benchKey } from '../ground.ts'
import { startPeer } from '../peer.ts'
import type { Loop } from '../peers/serve.ts'
import type { Catalog } from './catalog.ts'
import { emptyFolder, startHub } from './hub.ts'

export async function measureHttp(
  run: Run,
  { ctx, catalog, url }: { ctx: Context; catalog: Catalog; url: string },
  durationMs: number,
): Promise<Loop & { wrong: number }> {
  const { key } = await addApiKey(ctx.db, ctx, 'bench', 'owner')
  const folder = emptyFolder()
  // The database that the other cases filled; everything else of the hub is its own.
  const hub = await startHub(folder.path, { DATABASE_URL: url, ROLE: 'api', ENTREPOT_KEY: benchKey.toString('base64') })
  const client = startPeer('http-client.ts', join(import.meta.dirname))
  try {
    const units = async () => (await ctx.db.one<{ n: number }>('select sum(reserved)::bigint as n from pool_levels'))!.n
    const before = await units()
    const loop = await client.ask<Loop & { failed: number }>('run', {
      url: hub.url,
      key,
      account: catalog.store.name,
      skus: catalog.skus,
      connections: 64,
      durationMs,
    })
    const moved = (await units()) - before
    run.note(`over HTTP: ${JSON.stringify(loop)}`)
    if (loop.failed > 0) throw new Error(`${loop.failed} requests failed over HTTP`)
    return { ...loop, wrong: Math.abs(moved - loop.done) }
  } finally {
    await client.close()
    await hub.stop()
    folder.remove()
  }
}
