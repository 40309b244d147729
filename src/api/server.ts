/** HTTP: who calls, what they may, contract ↔ operations, errors → problem+json. */
import { Readable } from 'node:stream'
import compress from '@fastify/compress'
import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Route } from '../contract/route.ts'
import { type RouteName, routes } from '../contract/routes.ts'
import { Problem } from '../domain/errors.ts'
import { largestFile } from '../operations/imports/file.ts'
import type { Caller } from '../sign-in/people.ts'
import { callerOf, requirePermission, sessionCookie } from './callers.ts'
import { takeConsents } from './consent-return.ts'
import { serveDashboard } from './dashboard.ts'
import type { Handler } from './handlers/handler.ts'
import { takeUpload } from './handlers/imports.ts'
import { handlers } from './handlers/index.ts'
import { reserve } from './handlers/reserve.ts'
import { receiveNotifications } from './hooks.ts'
import { once, onceOutside, requireKey } from './idempotency.ts'
import { openApi } from './openapi.ts'
import type { ApiOptions, ApiRequest } from './options.ts'
import { languageOf, parseWith, sendProblem } from './problems.ts'

export async function buildApi(options: ApiOptions): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: 5 * 1024 * 1024,
    genReqId: () => options.ctx.newId(),
    trustProxy: false,
    logger: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 300 },
  })
  await app.register(cookie)
  await app.register(compress, { threshold: 1_024 })
  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        upgradeInsecureRequests: null,
      },
    },
    strictTransportSecurity: options.publicUrl.startsWith('https:'),
  })
  await app.register(rateLimit, { global: false })
  app.setErrorHandler((error, request, reply) => sendProblem(options.ctx, error, request, reply))
  // An empty body with a JSON content type is an empty object: many clients send it for confirm and release.
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    if (text === '') return done(null, {})
    try {
      done(null, JSON.parse(text as string, withoutPrototype))
    } catch (error) {
      // Nested so deep that walking through it would exhaust the stack.
      done(error instanceof RangeError ? new SyntaxError('nested too deep') : (error as Error))
    }
  })
  // Files pass as they come, whatever their size: the operation counts the bytes and stops where there are too many.
  app.addContentTypeParser(['text/csv', 'text/plain', 'application/octet-stream'], (_request, body, done) =>
    done(null, body),
  )
  app.get('/healthz', async () => ({ status: 'ok' }))
  app.get('/readyz', async (_request, reply) => {
    const found = await options.ready()
    const reason = found === true ? options.ctx.db.trouble() : found
    return reason === null ? { status: 'ready' } : reply.status(503).send({ status: 'not ready', reason })
  })
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4').send(await options.metrics.text()),
  )
  app.get('/api/v1/openapi.json', async () => openApi())
  for (const name of Object.keys(routes) as RouteName[]) register(app, name, options)
  takeConsents(app, options)
  await receiveNotifications(app, options)
  serveDashboard(app, options)
  return app
}

/** Keys that would reach an object's prototype are dropped; so is NUL, which no text of the database can hold. */
function withoutPrototype(key: string, value: unknown): unknown {
  if (typeof value === 'string' && value.includes('\0')) return value.replaceAll('\0', '')
  return key === '__proto__' || key === 'constructor' || key === 'prototype' ? undefined : value
}

function register(app: FastifyInstance, name: RouteName, options: ApiOptions): void {
  const route: Route = routes[name]
  const handler = handlers[name as keyof typeof handlers] as Handler
  app.route({
    method: route.method,
    url: `/api/v1${route.path.replace(/\{(\w+)\}/g, ':$1')}`,
    ...(route.file === 'up' ? { bodyLimit: largestFile + 1 } : {}),
    // Guessing passwords and setup links is slow; the sign-in itself blocks after ten failures.
    ...(name === 'signIn' || name === 'setup' ? { config: { rateLimit: { max: 30, timeWindow: '1 minute' } } } : {}),
    handler: async (request, reply) => {
      const caller = route.permission === 'public' ? null : await callerOf(options.people, request)
      if (route.permission !== 'public') requirePermission(caller, route.permission, request, route.method)
      const input = {
        params: parseWith(route.params, request.params, 'path'),
        query: parseWith(route.query, request.query, 'query'),
        body: parseWith(route.body, request.body ?? {}, 'body'),
      }
      if (route.body && request.body instanceof Readable)
        throw new Problem('bad_request', { message: 'the content type must be application/json' })
      const answer =
        name === 'addReservation'
          ? await reserve(options, request, caller!, input as Parameters<typeof reserve>[3], route.status ?? 200)
          : await run(route, handler, input, { request, reply, caller, options })
      reply.header('cache-control', 'no-store')
      if (answer.replayed) reply.header('idempotency-replayed', 'true')
      if (route.file === 'down') return await sendFile(reply, name, answer.body as AsyncIterable<string>)
      if (route.file === 'raw') return await sendKept(reply, answer.body as KeptFile)
      return reply.status(answer.status).send(answer.status === 204 ? undefined : answer.body)
    },
  })
}

/** Streams a file. A fault on the way cuts the connection, so that half a file is never taken for a whole one. */
async function sendFile(reply: FastifyReply, name: string, body: AsyncIterable<string>): Promise<FastifyReply> {
  reply.header('content-disposition', `attachment; filename="${name}.csv"`)
  reply.header('x-content-type-options', 'nosniff')
  return await reply.type('text/csv; charset=utf-8').send(Readable.from(body, { objectMode: false }))
}

interface KeptFile {
  name: string
  contentType: string
  body: Buffer
}

/** A file as it was kept; never shown by a browser as if it were ours. */
async function sendKept(reply: FastifyReply, { name, contentType, body }: KeptFile): Promise<FastifyReply> {
  reply.header('content-disposition', `attachment; filename="${name.replace(/[^\w.-]/g, '_')}"`)
  reply.header('x-content-type-options', 'nosniff')
  return await reply.type(contentType).send(body)
}

interface Surroundings {
  request: FastifyRequest
  reply: FastifyReply
  caller: Caller | null
  options: ApiOptions
}

async function run(
  route: Route,
  handler: Handler,
  input: Parameters<Handler>[0]['input'],
  { request, reply, caller, options }: Surroundings,
) {
  const { ctx } = options
  const api: ApiRequest = {
    caller,
    language: languageOf(request),
    address: request.ip,
    sessionToken: request.cookies[sessionCookie] ?? null,
    setCookie(token, expiresAt) {
      const secure = options.publicUrl.startsWith('https:')
      if (token)
        reply.setCookie(sessionCookie, token, {
          path: '/',
          httpOnly: true,
          sameSite: 'lax',
          secure,
          ...(expiresAt ? { maxAge: 7 * 86_400 } : {}),
        })
      else reply.clearCookie(sessionCookie, { path: '/' })
    },
  }
  const status = route.status ?? 200
  const call = (sql: typeof ctx.db | Parameters<Parameters<typeof ctx.db.transaction>[0]>[0]) =>
    handler({ input, sql, api, options })
  if (route.file === 'up') return await takeIn(route, input, api, { request, options, status, call })
  if (route.method === 'GET' || route.permission === 'public')
    return { status, body: await call(ctx.db), replayed: false }
  if (route.asks) return await onceOutside(ctx, request, caller!, input.body, status, call)
  const answer =
    route.method === 'POST'
      ? await once(ctx, request, caller!, input.body, status, call)
      : { status, body: await ctx.db.transaction(call), replayed: false }
  // Whatever changed may have set wishes.
  ctx.wake()
  return answer
}

type Once = Parameters<typeof once>[5]

/** The file first, outside any transaction; then one short transaction makes it known, once per Idempotency-Key. */
async function takeIn(
  route: Route,
  input: Parameters<Handler>[0]['input'],
  api: ApiRequest,
  { request, options, status, call }: Pick<Surroundings, 'request' | 'options'> & { status: number; call: Once },
) {
  if (!(request.body instanceof Readable))
    throw new Problem('bad_request', { message: `send the file itself as text/csv to ${route.path}` })
  requireKey(request)
  const query = input.query as Parameters<typeof takeUpload>[2]
  const { upload, drop } = await takeUpload(options, api, query, request.body)
  api.upload = upload
  try {
    const answer = await once(options.ctx, request, api.caller!, { query, sha256: upload.sha256 }, status, call)
    if (answer.replayed) await drop()
    options.ctx.wake()
    return answer
  } catch (error) {
    await drop()
    throw error
  }
}
