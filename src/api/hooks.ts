/**
 * Where channels send their notifications: an address for each account that nobody can guess, and what stands in the
 * call is checked by the channel's own signature. Not part of the API that people and programs use.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../domain/errors.ts'
import { createNotificationRoom, type HookAnswer } from '../operations/hear-notification.ts'
import type { ApiOptions } from './options.ts'
import { sendProblem } from './problems.ts'

/** Channels send an order or a product with all its variants; nothing of theirs is as long. */
export const largestNotification = 5 * 1024 * 1024

/** Bodies that are on their way in, together: a burst of large ones must not take the memory of everybody else. */
export const mostOnTheWay = 64 * 1024 * 1024

interface Hook {
  Params: { channel: string; key: string }
}

const noSuchAddress = () => new Problem('not_found', { what: 'address', id: '/hooks' })

/** Registers the room in a scope of its own: here a body is bytes, whatever it says of itself. */
export async function receiveNotifications(app: FastifyInstance, options: ApiOptions): Promise<void> {
  const room = createNotificationRoom(options.ctx, options.publicUrl)
  app.addHook('onClose', () => room.close())
  const accounts = new WeakMap<FastifyRequest, string>()
  const admit = createDoor(mostOnTheWay)
  await app.register(async (scope) => {
    scope.setErrorHandler((error, request, reply) => sendProblem(options.ctx, asTooLarge(error), request, reply))
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: largestNotification }, (_request, body, done) =>
      done(null, body),
    )
    scope.route<Hook>({
      method: ['GET', 'POST'],
      url: '/hooks/:channel/:key',
      bodyLimit: largestNotification,
      exposeHeadRoute: false,
      // Signed is what was sent, packed or not.
      compress: false,
      decompress: false,
      // Before the body is read: an address that is none takes nothing in.
      onRequest: async (request, reply) => {
        const account = room.accountOf(request.params.channel, request.params.key)
        if (account === undefined) throw noSuchAddress()
        if (!admit(request, reply)) {
          reply.header('retry-after', '5')
          throw new Problem('notifications_busy')
        }
        accounts.set(request, account)
      },
      handler: async (request, reply) => {
        const answer = await room.hear(accounts.get(request)!, request.params.channel, {
          method: request.method as 'GET' | 'POST',
          query: plain(request.query as Record<string, unknown>),
          headers: plain(request.headers),
          body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
        })
        if (!answer) throw noSuchAddress()
        return await send(reply, answer)
      },
    })
  })
}

/**
 * Counts what each call may bring until it is answered or has gone away. Who does not say how much it brings counts as the
 * largest there may be.
 */
function createDoor(most: number) {
  let onTheWay = 0
  return (request: FastifyRequest, reply: FastifyReply): boolean => {
    const said = request.headers['content-length']
    const size = Math.min(
      said === undefined ? (request.method === 'GET' ? 0 : largestNotification) : Number(said) || 0,
      largestNotification,
    )
    if (onTheWay + size > most) return false
    onTheWay += size
    reply.raw.once('close', () => (onTheWay -= size))
    return true
  }
}

/** A body beyond the limit is told as what it is. */
function asTooLarge(error: unknown): unknown {
  const isTooLarge = (error as { statusCode?: number }).statusCode === 413
  return isTooLarge ? new Problem('notification_too_large', { megabytes: largestNotification / 1024 / 1024 }) : error
}

async function send(reply: FastifyReply, { status, contentType, body }: HookAnswer): Promise<FastifyReply> {
  reply.header('cache-control', 'no-store')
  if (status === 503) reply.header('retry-after', '5')
  if (contentType) reply.type(contentType)
  return await reply.status(status).send(body)
}

/** What is given several times counts as it was given first: no signature covers a list. */
function plain(values: FastifyRequest['headers'] | Record<string, unknown>): Record<string, string> {
  const pairs = Object.entries(values).flatMap(([name, value]) => {
    const one = Array.isArray(value) ? value[0] : value
    return typeof one === 'string' ? [[name, one] as const] : []
  })
  return Object.fromEntries(pairs)
}
