/**
 * The last look before a call leaves. Between the check of the lease and the first byte lie a name to resolve and a
 * connection to open; a process that stands still there (stopped, swapped out, its machine asleep) would send when it
 * goes on, however late: what has arrived on its sockets is worked on before its timers are. So the deadline is looked
 * at once more where the bytes are handed over.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** The code of the error that a call ends with which was not let out. */
export const tooLate = 'TOO_LATE'

type MayLeave = () => boolean

const begun = new AsyncLocalStorage<MayLeave>()
const checks = new WeakMap<object, MayLeave>()

subscribe('undici:request:create', (message) => {
  const check = begun.getStore()
  if (check) checks.set((message as { request: object }).request, check)
})
subscribe('undici:client:sendHeaders', (message) => {
  const { request, socket } = message as { request: object; socket: Socket }
  // Nothing is written to a destroyed socket; the call ends with this error.
  if (checks.get(request)?.() === false)
    socket.destroy(Object.assign(new Error('the deadline passed before the call left'), { code: tooLate }))
})

/** Makes a call that does not leave once `mayLeave` answers false. */
export function leaveOnly<T>(mayLeave: MayLeave, call: () => Promise<T>): Promise<T> {
  return begun.run(mayLeave, call)
}
