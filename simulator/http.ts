/** The connection broke without an answer; the server destroys the socket, in-process callers see a rejection. */
export class ConnectionLost extends Error {
  constructor(what: string) {
    super(`connection lost: ${what}`)
    this.name = 'ConnectionLost'
  }
}

/** A request that cannot be served, with the sentence that says why. */
export class BadRequest extends Error {
  readonly status: number

  constructor(message: string, status = 400) {
    super(message)
    this.name = 'BadRequest'
    this.status = status
  }
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })
}

/** Values of a list parameter, whether repeated or separated by commas; undefined if it is absent. */
export function listParameter(query: URLSearchParams, name: string): string[] | undefined {
  if (!query.has(name)) return undefined
  return query
    .getAll(name)
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '')
}

/** Parsed JSON body; undefined if it is none. */
export async function readJson(request: Request): Promise<unknown> {
  try {
    return JSON.parse(await request.text())
  } catch {
    return undefined
  }
}

/** Amounts on the wire are decimal strings; the catalog counts minor units. */
export function decimal(minorUnits: number, currency: string): string {
  const digits = currency === 'JPY' ? 0 : ['BHD', 'KWD', 'TND'].includes(currency) ? 3 : 2
  return (minorUnits / 10 ** digits).toFixed(digits)
}

/** ISO 8601 without milliseconds, as Amazon writes times. */
export function isoSeconds(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`
}

export function floorSecond(time: number): number {
  return Math.floor(time / 1000) * 1000
}
