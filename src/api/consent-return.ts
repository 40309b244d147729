/**
 * Where channels send sellers back to. The address is registered there byte for byte, so it stands outside of the API and never
 * moves. What came in the query (a code, the state) goes no further than here: the browser is sent on to an address without it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { problemText } from '../contract/problems.ts'
import type { Problem } from '../domain/errors.ts'
import { consentPath, returnFromConsent } from '../operations/consent.ts'
import { callerOfSession } from '../sign-in/people.ts'
import { sessionCookie } from './callers.ts'
import type { ApiOptions } from './options.ts'
import { languageOf } from './problems.ts'

export function takeConsents(app: FastifyInstance, options: ApiOptions): void {
  const config = { rateLimit: { max: 60, timeWindow: '1 minute' } }
  const take = (request: FastifyRequest, reply: FastifyReply) => takeBack(options, request, reply)
  app.get(consentPath, { config }, take)
  // Registered with a slash at its end: the seller still comes to us, and is told.
  app.get(`${consentPath}/`, { config }, take)
}

async function takeBack(options: ApiOptions, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { ctx, people, publicUrl } = options
  const cookie = request.cookies[sessionCookie]
  const caller = cookie ? await callerOfSession(people, cookie) : undefined
  const query = Object.fromEntries(
    Object.entries(request.query as Record<string, unknown>).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[1].length <= 4_096,
    ),
  )
  const path = new URL(request.url, 'http://local').pathname
  const { accountId, isPersons, problem } = await returnFromConsent(ctx, {
    query,
    userId: caller?.id ?? null,
    address: publicUrl + path,
  })
  reply.header('cache-control', 'no-store')
  if (!isPersons) return await answerPlainly(request, reply, problem)
  const back = new URLSearchParams({
    ...(accountId ? { account: accountId } : {}),
    ...(problem ? { problem: problem.code } : {}),
  })
  return await reply.redirect(`/accounts/connect?${back}`, 303)
}

/** Begun at a terminal: the browser may be anybody's, so it gets a sentence and nothing else. */
async function answerPlainly(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: Problem | undefined,
): Promise<FastifyReply> {
  const language = languageOf(request)
  reply.type('text/plain; charset=utf-8')
  if (problem) {
    const { status, title, next } = problemText(problem.code, problem.params, language)
    return await reply.status(status).send(`${title}\n${next}\n`)
  }
  return await reply.send(
    language === 'zh'
      ? '授权完成，请回到终端，可关闭此页。\n'
      : 'Authorized. Go back to the terminal; this page may be closed.\n',
  )
}
