/** Serves the built dashboard; every path that is no file and no API is the dashboard's own. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { Problem } from '../domain/errors.ts'
import type { ApiOptions } from './options.ts'

export function serveDashboard(app: FastifyInstance, options: ApiOptions): void {
  app.register(fastifyStatic, { root: join(import.meta.dirname, '..', 'dashboard'), serve: false })
  app.setNotFoundHandler(async (request, reply) => {
    const path = new URL(request.url, 'http://local').pathname
    if (request.method !== 'GET' || path.startsWith('/api/')) throw new Problem('not_found', { what: 'page', id: path })
    const root = await options.dashboard()
    const file = decodeURIComponent(path).replace(/^\/+/, '')
    // Hashed assets never change; the page itself is asked for each time.
    if (/^assets\/[\w.-]+$/.test(file) && existsSync(join(root, file))) {
      return await reply.sendFile(file, root, { maxAge: '365d', immutable: true })
    }
    return await reply.header('cache-control', 'no-cache').sendFile('index.html', root, { cacheControl: false })
  })
}
