/** Files to the hub and back: the one part of the API that is not JSON. */

import type { ProblemBody } from '../contract/schemas.ts'
import { type AnswerOf, ApiProblem, headersFor, type InputOf, NoAnswer, newKey, pathOf } from './api.ts'

async function send(path: string, method: 'GET' | 'POST', headers: Record<string, string>, body?: File) {
  let response: Response
  try {
    response = await fetch(path, { method, headers, credentials: 'same-origin', ...(body ? { body } : {}) })
  } catch (error) {
    throw new NoAnswer(error)
  }
  if (response.ok) return response
  const problem = (await response.json().catch(() => null)) as ProblemBody | null
  throw problem?.code
    ? new ApiProblem({ ...problem, status: response.status })
    : new NoAnswer(`status ${response.status}`)
}

/** Brings a file; the same file with the same choices, sent again after silence, arrives once. */
export async function bringFile(
  query: InputOf<'addImport'>['query'],
  file: File,
  key = newKey(),
): Promise<AnswerOf<'addImport'>> {
  const headers = { ...headersFor('POST', key), 'Content-Type': 'text/csv' }
  return (await (await send(pathOf('/imports', { query }), 'POST', headers, file)).json()) as AnswerOf<'addImport'>
}

/** The rows that were not taken, with reasons in the language of the page. */
export async function saveBadRows(id: string, name: string): Promise<void> {
  const response = await send(pathOf('/imports/{id}/bad-rows', { params: { id } }), 'GET', headersFor('GET'))
  const url = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
