import { json } from '../http.ts'

interface Problem {
  errorId: number
  domain: string
  category: 'REQUEST' | 'APPLICATION' | 'BUSINESS'
  message: string
}

/** Refuses a call with one of eBay's own errors. */
export class EbayRefusal extends Error {
  readonly status: number
  readonly problem: Problem

  constructor(status: number, errorId: number, message: string, domain = 'API_INVENTORY') {
    super(message)
    this.name = 'EbayRefusal'
    this.status = status
    this.problem = { errorId, domain, category: status >= 500 ? 'APPLICATION' : 'REQUEST', message }
  }
}

const byStatus: Record<number, Problem> = {
  401: { errorId: 1001, domain: 'OAuth', category: 'REQUEST', message: 'Invalid access token' },
  403: { errorId: 1100, domain: 'ACCESS', category: 'REQUEST', message: 'Access denied' },
  404: { errorId: 2002, domain: 'ACCESS', category: 'REQUEST', message: 'Resource not found' },
  429: { errorId: 2001, domain: 'ACCESS', category: 'REQUEST', message: 'Too many requests.' },
  500: { errorId: 25001, domain: 'API_INVENTORY', category: 'APPLICATION', message: 'A system error has occurred.' },
}

export function errorOf(problem: Problem, parameters: { name: string; value: string }[] = []): object {
  return { ...problem, longMessage: problem.message, ...(parameters.length > 0 ? { parameters } : {}) }
}

/** An error answer by its status alone. */
export function ebayError(status: number): Response {
  const problem = byStatus[status] ?? { ...byStatus[500]!, message: `The call was answered with ${status}.` }
  return json(status, { errors: [errorOf(problem)] })
}

export const refused = ({ status, problem }: EbayRefusal): Response => json(status, { errors: [errorOf(problem)] })
