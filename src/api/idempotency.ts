/**
 * Idempotency-Key: the answer is stored in the transaction that made the change, so both exist or neither. A repeat
 * with the same body gets the stored answer; refusals store nothing and may be tried again.
 */
import type { FastifyRequest } from 'fastify'
import type { Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from '../operations/context.ts'
import type { Caller } from '../sign-in/people.ts'

export async function once(
  ctx: Context,
  request: FastifyRequest,
  caller: Caller,
  body: unknown,
  status: number,
  work: (tx: Sql) => Promise<unknown>,
) {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string' || key.length === 0 || key.length > 255) throw new Problem('idempotency_key_missing')
  const hash = ctx.sealing.fingerprint(`${request.method} ${request.url}\n${JSON.stringify(body ?? null)}`)
  const owner = `${caller.kind}:${caller.id}`
  return await ctx.db.transaction(async (tx) => {
    // A concurrent request with the same key waits here until the first one is done.
    const first = await tx.run(
      'insert into idempotency_keys (caller, key, request_hash, created_at) values ($1, $2, $3, $4) on conflict do nothing',
      [owner, key, hash, ctx.clock.now()],
    )
    if (first === 0) {
      const stored = await tx.one<{ request_hash: Buffer; status: number; answer: Buffer }>(
        'select request_hash, status, answer from idempotency_keys where caller = $1 and key = $2',
        [owner, key],
      )
      if (!stored?.request_hash.equals(hash)) throw new Problem('idempotency_key_reused')
      return {
        status: stored.status,
        body: JSON.parse(ctx.sealing.openSecret(stored.answer, `answer:${owner}`)),
        replayed: true,
      }
    }
    const answer = await work(tx)
    await tx.run('update idempotency_keys set status = $3, answer = $4 where caller = $1 and key = $2', [
      owner,
      key,
      status,
      ctx.sealing.sealSecret(JSON.stringify(answer ?? null), `answer:${owner}`),
    ])
    return { status, body: answer, replayed: false }
  })
}
