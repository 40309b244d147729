/**
 * Clients of the hub that write down what was acknowledged. Each repeats a request under its key until it is answered,
 * as a shop does; some give up, and then either outcome is right.
 */
import { names } from '../../support/real/installation.ts'

export type ReservationState = 'held' | 'confirmed' | 'released'

export interface Reservation {
  id: string
  /** The last state that was acknowledged. */
  state: ReservationState
}

export interface Ledger {
  /** Acknowledged reservations by reference. */
  reservations: Map<string, Reservation>
  /** References of attempts that were given up. */
  open: Set<string>
  /** Notes of acknowledged movements, and of those given up. */
  movements: Set<string>
  openMovements: Set<string>
  /** performance.now() of each 201 for a new reservation. */
  accepted: number[]
  requests: number
  /** Answers that no rule explains. */
  odd: string[]
}

export interface Load {
  ledger: Ledger
  stop(): Promise<void>
}

export interface LoadOptions {
  url: string
  apiKey: string
  skus: readonly string[]
  clients: number
  random: () => number
  /** Keeps the names of several loads apart. */
  prefix?: string
  /** Units a reservation at the till took off its shelf. */
  sold(sku: string, quantity: number): void
}

interface Answer {
  status: number
  body: { id?: string; code?: string }
}

const patienceMs = 20_000

export function startLoad(options: LoadOptions): Load {
  const ledger: Ledger = {
    reservations: new Map(),
    open: new Set(),
    movements: new Set(),
    openMovements: new Set(),
    accepted: [],
    requests: 0,
    odd: [],
  }
  let stopped = false
  const client = async (number: number) => {
    for (let count = 1; !stopped; count += 1) {
      const name = `${options.prefix ?? ''}${number}-${count}`
      if (options.random() < 0.6) await checkOut(name)
      else await move(name)
      await pause(options.random() * 12)
    }
  }
  /** Undefined: given up without an answer. */
  const post = async (path: string, key: string, body: unknown, patience: number): Promise<Answer | undefined> => {
    const end = performance.now() + patience
    for (;;) {
      ledger.requests += 1
      const answer = await tryPost(options, path, key, body)
      if (answer && answer.status < 500) return answer
      if (performance.now() > end) return undefined
      await pause(8)
    }
  }
  const checkOut = async (name: string) => {
    const sku = pick(options)
    const quantity = 1 + Math.floor(options.random() * 2)
    const reference = `checkout ${name}`
    // One in ten waits too short a time for an answer to a killed hub's request.
    const hasty = options.random() < 0.1
    const body = { account: names.till, reference, lines: [{ sku, quantity }], expiresInSeconds: 600 }
    const answer = await post('/reservations', `reserve ${name}`, body, hasty ? 0 : patienceMs)
    if (!answer) return void ledger.open.add(reference)
    if (answer.status === 409) return
    if (answer.status !== 201) return void ledger.odd.push(`reserve: ${answer.status} ${answer.body.code}`)
    ledger.accepted.push(performance.now())
    options.sold(sku, quantity)
    const reservation: Reservation = { id: answer.body.id!, state: 'held' }
    ledger.reservations.set(reference, reservation)
    const fate = options.random()
    if (fate < 0.85) await finish(name, reservation, fate < 0.4 ? 'confirmed' : 'released', hasty)
  }
  const finish = async (name: string, reservation: Reservation, state: 'confirmed' | 'released', hasty: boolean) => {
    const verb = state === 'confirmed' ? 'confirm' : 'release'
    const answer = await post(`/reservations/${reservation.id}/${verb}`, `${verb} ${name}`, {}, hasty ? 0 : patienceMs)
    if (!answer) return
    if (answer.status === 201 || answer.status === 200) reservation.state = state
    else ledger.odd.push(`${verb}: ${answer.status} ${answer.body.code}`)
  }
  const move = async (name: string) => {
    const receipt = options.random() < 0.75
    const quantity = receipt ? 1 + Math.floor(options.random() * 3) : -1
    const note = `move ${name}`
    const kind = receipt ? 'receipt' : 'adjustment'
    const hasty = options.random() < 0.1
    const body = { sku: pick(options), location: 'MAIN', kind, quantity, note }
    const answer = await post('/stock/movements', note, body, hasty ? 0 : patienceMs)
    if (!answer) ledger.openMovements.add(note)
    else if (answer.status === 201) ledger.movements.add(note)
    else if (answer.status !== 409 && answer.status !== 422 && answer.status !== 400)
      ledger.odd.push(`move: ${answer.status} ${answer.body.code}`)
  }
  const clients = Array.from({ length: options.clients }, (_, number) => client(number))
  return {
    ledger,
    async stop() {
      stopped = true
      await Promise.all(clients)
    },
  }
}

const pick = ({ skus, random }: LoadOptions) => skus[Math.floor(random() * skus.length)]!
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Undefined where no whole answer came back: the hub is away, or was killed under it. */
async function tryPost(
  { url, apiKey }: LoadOptions,
  path: string,
  key: string,
  body: unknown,
): Promise<Answer | undefined> {
  try {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    })
    return { status: answer.status, body: (await answer.json()) as Answer['body'] }
  } catch {
    return undefined
  }
}
