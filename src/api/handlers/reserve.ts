/** Checkouts are answered in groups: the answer of each is stored in the transaction that it shares with the others. */
import type { FastifyRequest } from 'fastify'
import type { Answer, HandlerInput } from '../../contract/route.ts'
import type { Routes } from '../../contract/routes.ts'
import type { Caller } from '../../sign-in/people.ts'
import { answerKeyOf, replay, sealAnswer } from '../idempotency.ts'
import type { ApiOptions } from '../options.ts'
import { mustDescribe } from './stock.ts'

type Route = Routes['addReservation']

export async function reserve(
  { ctx, desk }: ApiOptions,
  request: FastifyRequest,
  caller: Caller,
  { body }: HandlerInput<Route>,
  status: number,
) {
  const key = answerKeyOf(ctx, request, caller, body)
  let given: Answer<Route> | undefined
  const answer = await desk.reserve({
    account: body.account,
    request: body,
    once: {
      ...key,
      async answer(tx, reserved, account) {
        given = reserved.isNew
          ? {
              id: reserved.id,
              account: account.name,
              reference: reserved.reference,
              state: reserved.state,
              expiresAt: reserved.expiresAt?.toISOString() ?? null,
              orderId: null,
              lines: body.lines,
            }
          : await mustDescribe(tx, reserved.id)
        return { status, answer: sealAnswer(ctx, key.caller, given) }
      },
    },
  })
  return 'stored' in answer ? replay(ctx, key.caller, answer.stored) : { status, body: given, replayed: false }
}
