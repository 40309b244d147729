import type { z } from 'zod'
import type { Permission } from './permissions.ts'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** One route, once: the server checks against it, the dashboard calls by it, OpenAPI is printed from it. */
export interface Route {
  method: Method
  /** Below /api/v1, with `{name}` for parameters. */
  path: string
  summary: string
  /** `public` routes need no sign-in; `signed-in` ones any person or key. */
  permission: Permission | 'public' | 'signed-in'
  params?: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodObject
  response: z.ZodType
  /** `up`: the body is a CSV file, whatever its encoding; `down`: the answer is one, in UTF-8; `raw`: it is a file as it was kept. */
  file?: 'up' | 'down' | 'raw'
  /** A channel is asked while the caller waits: the handler runs in no transaction, and stores nothing that must not be lost. */
  asks?: true
  /** Status of success; 200 unless said. */
  status?: 200 | 201 | 204
}

export function defineRoutes<const R extends Record<string, Route>>(routes: R): R {
  return routes
}

type Input<S> = S extends z.ZodType ? z.input<S> : undefined
type Output<S> = S extends z.ZodType ? z.output<S> : undefined

/** What a handler is given: parsed, with defaults filled in. */
export interface HandlerInput<R extends Route> {
  params: Output<R['params']>
  query: Output<R['query']>
  body: Output<R['body']>
}
/** What a caller gives. */
export interface CallInput<R extends Route> {
  params: Input<R['params']>
  query: Input<R['query']>
  body: Input<R['body']>
}
export type Answer<R extends Route> = z.input<R['response']>
export type Received<R extends Route> = z.output<R['response']>
