/**
 * An errand is something that a channel must be told once at most (P-5): an acknowledgement, a shipment, a cancellation, a refund, a copy, a dispatch.
 * It is noted before it leaves; what may have been carried out is read back, and leaves again only when it is proven
 * absent: nobody's guess repeats it. Pure.
 */
import type { ChannelError } from './errors.ts'
import { strayLifeMs } from './slots.ts'

export type ErrandKind = 'acknowledgement' | 'shipment' | 'cancellation' | 'refund' | 'copy' | 'dispatch'

export type ErrandState =
  /** Leaves when it is due. */
  | 'waiting'
  /** A call is under way. */
  | 'sent'
  /** The channel works on it; it is read until it shows. */
  | 'accepted'
  /** May have been carried out; it is read back. */
  | 'unknown'
  | 'applied'
  /** Certainly not carried out, and repeating it would not help: a person mends it. */
  | 'refused'
  /** Nothing more can be learned: a person looks at the channel and says what happened. */
  | 'undecided'
  /** A person gave it up. */
  | 'dropped'
  /** The channel has no place for it: it stands here only. */
  | 'untold'

export interface Errand {
  state: ErrandState
  /** When it leaves or is looked at; null where nothing happens by itself. */
  dueAt: Date | null
  /** Sends that left or may have left. */
  attempts: number
  /** The last moment at which the newest send could leave. */
  leftAt: Date | null
  /** Readings since then that certainly would have shown it and did not. */
  absences: number
  /** Calls in a row that certainly changed nothing. */
  failures: number
  /** Of an unknown one: its answer was lost, or the channel says that things stand otherwise there. */
  doubt: 'lost' | 'conflict' | null
  problem: { code: string; message: string } | null
  /** Its name at the channel, where it tells one. */
  remoteId: string | null
}

/** How it can be read back; null: it cannot. */
export interface LookBack {
  /** What was carried out shows after this long at the latest. */
  visibleAfterMs: number
  /** Not to find it proves that it was not carried out. */
  proves: boolean
}

export type ErrandAnswer =
  | { kind: 'applied' | 'accepted'; remoteId: string | null }
  | { kind: 'failed'; error: ChannelError }

export type ErrandReading =
  | { kind: 'found'; remoteId: string | null }
  | { kind: 'absent' }
  /** Something else stands there: neither found nor absent. */
  | { kind: 'unclear'; code: string; message: string }
  | { kind: 'failed'; error: Pick<ChannelError, 'code' | 'message' | 'retryAt'> }

/** So many readings must agree that it is not there. */
export const absencesNeeded = 2
/** Sends that got lost without a trace: then something is wrong with more than one call. */
const sendsAtMost = 3
const breathMs = 60_000
const longestWaitMs = 30 * 60_000
/** What cannot be told by then is for a person to say. */
const askedAtMostMs = 24 * 3_600_000

const after = (time: Date, ms: number) => new Date(time.getTime() + ms)
const later = (a: Date, b: Date) => (a > b ? a : b)

export function newErrand(now: Date): Errand {
  return {
    state: 'waiting',
    dueAt: now,
    attempts: 0,
    leftAt: null,
    absences: 0,
    failures: 0,
    doubt: null,
    problem: null,
    remoteId: null,
  }
}

/** Committed before the call leaves. */
export function leave(errand: Errand, now: Date): Errand {
  if (errand.state !== 'waiting') throw new Error(`an errand that is ${errand.state} cannot leave`)
  return { ...errand, state: 'sent', dueAt: null, attempts: errand.attempts + 1, leftAt: now, absences: 0, doubt: null }
}

/** The newest send got this answer. */
export function answered(errand: Errand, answer: ErrandAnswer, now: Date, back: LookBack | null): Errand {
  if (answer.kind !== 'failed') {
    const remoteId = answer.remoteId ?? errand.remoteId
    if (answer.kind === 'applied') return done(errand, remoteId)
    return looking({ ...errand, remoteId, state: 'accepted', problem: null, failures: 0 }, now, back)
  }
  const { error } = answer
  const problem = { code: error.code, message: error.message }
  // From now on it cannot leave any more; the moment of its leaving lies before.
  if (error.mayHaveApplied)
    return looking({ ...errand, state: 'unknown', doubt: 'lost', problem, leftAt: now }, now, back)
  if (error.kind === 'conflict' && back)
    return looking({ ...errand, state: 'unknown', doubt: 'conflict', problem }, now, back)
  if (error.kind === 'rejected' || error.kind === 'missing' || error.kind === 'conflict')
    return { ...errand, state: 'refused', dueAt: null, problem }
  const failures = errand.failures + 1
  const waitMs = Math.min(longestWaitMs, 15_000 * 2 ** Math.min(failures, 10))
  const dueAt = error.retryAt ?? after(now, waitMs)
  return { ...errand, state: 'waiting', attempts: errand.attempts - 1, failures, dueAt, problem }
}

/** Nobody will tell what became of the send: its process ended, or its answer could not be noted. */
export function orphaned(errand: Errand, now: Date, back: LookBack | null): Errand {
  return looking({ ...errand, state: 'unknown', doubt: 'lost', leftAt: now }, now, back)
}

/**
 * It waited while the account told its channel nothing, and somebody else may have told it meanwhile. A shipment or copy is a fact
 * that the channel must know: it is read back, and leaves if it is not there. What a person asked for then, a person says again.
 */
export function afterSilence(errand: Errand, kind: ErrandKind, now: Date): Errand {
  if (errand.state !== 'waiting') return errand
  if (kind === 'refund' || kind === 'cancellation')
    return undecided(errand, { code: 'before_live', message: 'It was asked for before the account was live' })
  return { ...errand, state: 'unknown', doubt: 'lost', absences: 0, leftAt: now, dueAt: now }
}

function looking(errand: Errand, now: Date, back: LookBack | null): Errand {
  if (!back) return undecided(errand, errand.problem ?? { code: 'no_answer', message: 'No answer came' })
  return { ...errand, absences: 0, dueAt: after(now, back.visibleAfterMs) }
}

/** What reading it back told; `askedAt`: when the question was asked. */
export function lookedAt(errand: Errand, reading: ErrandReading, askedAt: Date, now: Date, back: LookBack): Errand {
  const leftAt = errand.leftAt ?? now
  const isLate = now.getTime() - leftAt.getTime() > askedAtMostMs
  switch (reading.kind) {
    case 'found':
      return done(errand, reading.remoteId ?? errand.remoteId)
    case 'unclear':
      return undecided(errand, { code: reading.code, message: reading.message })
    case 'failed': {
      const problem = { code: reading.error.code, message: reading.error.message }
      if (isLate) return undecided(errand, problem)
      const waitMs = Math.min(longestWaitMs, Math.max(breathMs, (now.getTime() - leftAt.getTime()) / 4))
      return { ...errand, problem, dueAt: later(reading.error.retryAt ?? now, after(now, waitMs)) }
    }
    case 'absent':
      return absent(errand, askedAt, now, back, isLate)
  }
}

function absent(errand: Errand, askedAt: Date, now: Date, back: LookBack, isLate: boolean): Errand {
  const leftAt = errand.leftAt ?? now
  const gapMs = Math.max(breathMs, back.visibleAfterMs)
  const notThere = errand.problem ?? { code: 'not_there', message: 'The channel does not show it' }
  if (errand.state === 'accepted') {
    if (isLate) return undecided(errand, notThere)
    const waitMs = Math.min(longestWaitMs, Math.max(gapMs, (now.getTime() - leftAt.getTime()) / 2))
    return { ...errand, dueAt: after(now, waitMs) }
  }
  // A lost call may still arrive for a while; one that was answered does not.
  const provableAt = after(leftAt, back.visibleAfterMs + (errand.doubt === 'lost' ? strayLifeMs : 0))
  if (askedAt < provableAt) {
    const waitMs = Math.max(gapMs, now.getTime() - leftAt.getTime())
    const dueAt = after(now, waitMs)
    return { ...errand, dueAt: now < provableAt && dueAt > provableAt ? provableAt : dueAt }
  }
  const absences = errand.absences + 1
  if (absences < absencesNeeded) return { ...errand, absences, dueAt: after(now, gapMs) }
  if (!back.proves) return undecided({ ...errand, absences }, notThere)
  if (errand.doubt === 'conflict') return { ...errand, absences, state: 'refused', dueAt: null, problem: notThere }
  if (errand.attempts >= sendsAtMost) return undecided({ ...errand, absences }, notThere)
  return { ...errand, absences, state: 'waiting', doubt: null, dueAt: now }
}

function done(errand: Errand, remoteId: string | null): Errand {
  return { ...errand, state: 'applied', dueAt: null, doubt: null, problem: null, failures: 0, remoteId }
}

function undecided(errand: Errand, problem: Errand['problem']): Errand {
  return { ...errand, state: 'undecided', dueAt: null, problem }
}

export type Decision = 'happened' | 'again' | 'drop'

/** Waits for a person. */
export const isOpen = (state: ErrandState): boolean => state === 'refused' || state === 'undecided'
/** Nothing will happen with it any more. */
export const isOver = (state: ErrandState): boolean => state === 'applied' || state === 'dropped' || state === 'untold'

/** Why a person's word cannot be taken, or null: too early names the moment from which it can. */
export function whyNot(errand: Errand, decision: Decision, now: Date): 'closed' | 'under_way' | Date | null {
  if (isOver(errand.state)) return 'closed'
  if (errand.state === 'sent') return 'under_way'
  if (decision !== 'again') return null
  if (!isOpen(errand.state)) return 'under_way'
  // Even who looked and saw nothing may be early: a lost call may still arrive.
  const arrived = after(errand.leftAt ?? now, strayLifeMs)
  return errand.doubt === 'lost' && now < arrived ? arrived : null
}

/** A person looked at the channel. Only where `whyNot` says null. */
export function decided(errand: Errand, decision: Decision, now: Date): Errand {
  if (decision === 'happened') return done(errand, errand.remoteId)
  if (decision === 'drop') return { ...errand, state: 'dropped', dueAt: null, doubt: null }
  return { ...errand, state: 'waiting', dueAt: now, failures: 0, absences: 0, doubt: null, problem: null }
}
