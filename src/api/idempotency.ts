/**
 * Idempotency-Key: the answer is stored in the transaction that made the change, so both exist or neither. A repeat
 * with the same body gets the stored answer; refusals store nothing and may be tried again.
 */
import type { FastifyRequest } from 'fastify'
import type { StoredAnswer } from '../database/idempotency.ts'
import type { Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from '../operations/context.ts'
import type { Caller } from '../sign-in/people.ts'

export function requireKey(request: FastifyRequest): string {
  const key = request.headers['idempotency-key']
  if (typeof key !== 'string' || key.length === 0 || key.length > 255) throw new Problem('idempotency_key_missing')
  return key
}

/** Whose key it is, the key, and a fingerprint of the request under it. */
export function answerKeyOf(ctx: Context, request: FastifyRequest, caller: Caller, body: unknown) {
  const key = requireKey(request)
  const hash = ctx.sealing.fingerprint(`${request.method} ${request.url}\n${JSON.stringify(body ?? null)}`)
  return { caller: `${caller.kind}:${caller.id}`, key, hash }
}

export const sealAnswer = (ctx: Context, caller: string, body: unknown): Buffer =>
  ctx.sealing.sealSecret(JSON.stringify(body ?? null), `answer:${caller}`)

export const replay = (ctx: Context, caller: string, { status, answer }: StoredAnswer) => ({
  status,
  body: JSON.parse(ctx.sealing.openSecret(answer, `answer:${caller}`)),
  replayed: true,
})

export async function once(
  ctx: Context,
  request: FastifyRequest,
  caller: Caller,
  body: unknown,
  status: number,
  work: (tx: Sql) => Promise<unknown>,
) {
  const { caller: owner, key, hash } = answerKeyOf(ctx, request, caller, body)
  return await ctx.db.transaction(async (tx) => {
    // A concurrent request with the same key waits here until the first one is done.
    const first = await tx.run(
      'insert into idempotency_keys (caller, key, request_hash, created_at) values ($1, $2, $3, $4) on conflict do nothing',
      [owner, key, hash, ctx.clock.now()],
    )
    if (first === 0) {
      const stored = await tx.one<StoredAnswer>(
        'select request_hash as hash, status, answer from idempotency_keys where caller = $1 and key = $2',
        [owner, key],
      )
      if (!stored?.hash.equals(hash)) throw new Problem('idempotency_key_reused')
      return replay(ctx, owner, stored)
    }
    const answer = await work(tx)
    await tx.send('update idempotency_keys set status = $3, answer = $4 where caller = $1 and key = $2', [
      owner,
      key,
      status,
      sealAnswer(ctx, owner, answer),
    ])
    return { status, body: answer, replayed: false }
  })
}

/** The same for work that waits for somebody outside: it is done with no transaction open, and its answer is stored afterwards. */
export async function onceOutside(
  ctx: Context,
  request: FastifyRequest,
  caller: Caller,
  body: unknown,
  status: number,
  work: (sql: Sql) => Promise<unknown>,
) {
  const { caller: owner, key, hash } = answerKeyOf(ctx, request, caller, body)
  const stored = await ctx.db.one<StoredAnswer>(
    'select request_hash as hash, status, answer from idempotency_keys where caller = $1 and key = $2 and status is not null',
    [owner, key],
  )
  if (stored && !stored.hash.equals(hash)) throw new Problem('idempotency_key_reused')
  if (stored) return replay(ctx, owner, stored)
  const answer = await work(ctx.db)
  return await once(ctx, request, caller, body, status, async () => answer)
}
