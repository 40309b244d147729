import type { Market } from '../core.ts'
import { json } from '../http.ts'
import { type AmazonOperation, usagePlans } from './limits.ts'

const errorTexts: Record<number, { code: string; message: string }> = {
  400: { code: 'InvalidInput', message: 'The request is missing or has invalid parameters and cannot be parsed.' },
  403: { code: 'Unauthorized', message: 'Access to requested resource is denied.' },
  404: { code: 'NOT_FOUND', message: 'The resource specified does not exist.' },
  413: { code: 'RequestTooLarge', message: 'The request size exceeded the maximum accepted size.' },
  415: { code: 'UnsupportedMediaType', message: 'The request payload is in an unsupported format.' },
  429: { code: 'QuotaExceeded', message: 'You exceeded your quota for the requested resource.' },
  500: { code: 'InternalFailure', message: 'We encountered an internal error. Please try again.' },
  503: { code: 'ServiceUnavailable', message: 'Temporary overloading or maintenance of the server.' },
}

/** Error list as all SP-API models define it: `{errors: [{code, message, details}]}`. */
export function amazonError(market: Market, status: number, details = '', code?: string): Response {
  const known = errorTexts[status] ?? { code: 'InternalFailure', message: 'The request could not be served.' }
  const error = { code: code ?? known.code, message: known.message, details }
  return json(status, { errors: [error] }, { 'x-amzn-requestid': requestId(market), 'x-amzn-errortype': error.code })
}

/** A normal answer; the rate header stands on these only (facts: usually absent on 429). */
export function amazonAnswer(market: Market, operation: AmazonOperation, body: unknown, status = 200): Response {
  const headers = {
    'x-amzn-requestid': requestId(market),
    'x-amzn-ratelimit-limit': String(usagePlans[operation].rate),
  }
  if (body === undefined) return new Response(null, { status: 204, headers })
  return json(status, body, headers)
}

function requestId(market: Market): string {
  return market.random('ids').uuid()
}
