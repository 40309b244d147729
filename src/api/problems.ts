/** Errors → application/problem+json in the caller's language. Unexpected ones are logged and told by their id only. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { problemText } from '../contract/problems.ts'
import type { ProblemBody } from '../contract/schemas.ts'
import { databaseProblem, InvalidInput, Problem } from '../domain/errors.ts'
import type { Context } from '../operations/context.ts'

export function parseWith(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  if (!schema) return undefined
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new InvalidInput(
    parsed.error.issues
      .slice(0, 50)
      .map((issue) => ({ path: [where, ...issue.path].join('.'), message: issue.message })),
  )
}

export function languageOf(request: FastifyRequest): 'en' | 'zh' {
  return /^\s*zh\b/i.test(String(request.headers['accept-language'] ?? '')) ? 'zh' : 'en'
}

export async function sendProblem(
  ctx: Context,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const problem = asProblem(ctx, error)
  if (problem.code === 'internal') {
    // Driver errors carry rows in `detail`: only message and code are logged.
    const { message, code, stack } = error as { message?: string; code?: string; stack?: string }
    ctx.log.error('request failed', { requestId: request.id, route: request.routeOptions?.url, message, code, stack })
  }
  const { status, title, next } = problemText(problem.code, problem.params, languageOf(request))
  if (status === 503) reply.header('retry-after', String(retryAfterSeconds[problem.code] ?? 2))
  const body: ProblemBody = {
    type: `urn:entrepot:problem:${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: next,
    requestId: request.id,
    ...(problem instanceof InvalidInput ? { errors: [...problem.errors] } : {}),
    ...(Object.keys(problem.params).length > 0 ? { params: problem.params } : {}),
  }
  return await reply.status(status).type('application/problem+json').send(JSON.stringify(body))
}

/** A disk gets room from a person, so asking soon again is of no use. */
const retryAfterSeconds: Record<string, number> = { storage_full: 15, storage_failed: 15 }

function asProblem(ctx: Context, error: unknown): Problem {
  if (error instanceof Problem) return error
  const trouble = ctx.db.troubleOf(error)
  if (trouble) return databaseProblem(trouble, error)
  const { statusCode, message } = error as { statusCode?: number; message?: string }
  if (statusCode === 429) return new Problem('too_many_tries', { minutes: 1 })
  if (error instanceof SyntaxError) return new Problem('bad_request', { message: 'the body is not valid JSON' })
  if (statusCode && statusCode >= 400 && statusCode < 500) return new Problem('bad_request', { message: message ?? '' })
  return new Problem('internal')
}
