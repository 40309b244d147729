/** What the API is built with, and what a handler knows of its request. */
import type { DatabaseTrouble } from '../database/trouble.ts'
import type { Context } from '../operations/context.ts'
import type { Upload } from '../operations/imports/manage.ts'
import type { ReservationDesk } from '../operations/reservation-desk.ts'
import type { Caller, SignInContext } from '../sign-in/people.ts'
import type { Metrics } from './metrics.ts'

export interface ApiOptions {
  ctx: Context
  people: SignInContext
  /** Where checkouts queue. */
  desk: ReservationDesk
  /** Cookies are marked secure where people come by https. */
  publicUrl: string
  demo: { speed: number } | null
  metrics: Metrics
  /** Answers the folder of the built dashboard, or why there is none yet. */
  dashboard(): Promise<string>
  /** Are database and migrations there? Else why not. */
  ready(): Promise<true | DatabaseTrouble>
}

export interface ApiRequest {
  caller: Caller | null
  language: 'en' | 'zh'
  address: string
  /** The session token of the browser, to end it. */
  sessionToken: string | null
  /** The file that came as the body, where the route takes one. */
  upload?: Upload
  setCookie(token: string | null, expiresAt?: Date): void
}
