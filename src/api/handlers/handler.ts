/** What a handler is: typed by its route, given its request's transaction. */
import type { Answer, HandlerInput, Route } from '../../contract/route.ts'
import type { RouteName, Routes } from '../../contract/routes.ts'
import type { Sql } from '../../database/pool.ts'
import type { ApiOptions, ApiRequest } from '../options.ts'

export interface Call<I> {
  input: I
  /** The request's transaction where it changes something, else the pool. */
  sql: Sql
  api: ApiRequest
  options: ApiOptions
}
export type Handler = (call: Call<{ params: unknown; query: unknown; body: unknown }>) => Promise<unknown>

export type HandlerOf<R extends Route> = (call: Call<HandlerInput<R>>) => Promise<Answer<R>>
export type Handlers<N extends RouteName> = { [K in N]: HandlerOf<Routes[K]> }
