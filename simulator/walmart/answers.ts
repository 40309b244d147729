import { json } from '../http.ts'

interface Problem {
  code: string
  field: string
  description: string
  severity: 'ERROR'
  category: 'REQUEST' | 'DATA' | 'APPLICATION' | 'SYSTEM'
}

/** Refuses a call with one of Walmart's own errors. */
export class WalmartRefusal extends Error {
  readonly status: number
  readonly problem: Problem

  constructor(status: number, code: string, description: string, field = 'data') {
    super(description)
    this.name = 'WalmartRefusal'
    this.status = status
    this.problem = { code, field, description, severity: 'ERROR', category: status >= 500 ? 'SYSTEM' : 'DATA' }
  }
}

const byStatus: Record<number, [code: string, description: string]> = {
  401: ['UNAUTHORIZED.GMP_GATEWAY_API', 'Unauthorized'],
  403: ['FORBIDDEN.GMP_GATEWAY_API', 'The requested resource is not available to you'],
  404: ['CONTENT_NOT_FOUND.GMP_GATEWAY_API', 'Requested content could not be found.'],
  413: ['REQUEST_TOO_LARGE.GMP_GATEWAY_API', 'Request entity too large'],
  429: ['REQUEST_THRESHOLD_VIOLATED.GMP_GATEWAY_API', 'Too many requests'],
  500: ['SYSTEM_ERROR.GMP_GATEWAY_API', 'Internal error'],
}

/** An error answer by its status alone. */
export function walmartError(status: number, headers: Record<string, string> = {}): Response {
  const [code, description] = byStatus[status] ?? byStatus[500]!
  return refused(new WalmartRefusal(status, code, description, 'gateway'), headers)
}

/** Bodies of errors come in two forms (facts: channels.md §2, errors); both are seen here. */
export function refused({ status, problem }: WalmartRefusal, headers: Record<string, string> = {}): Response {
  const error = { ...problem, info: problem.description, causes: [], errorIdentifiers: {} }
  const isWrapped = status === 400
  return json(status, isWrapped ? { errors: { error: [error] } } : { error: [error] }, headers)
}
