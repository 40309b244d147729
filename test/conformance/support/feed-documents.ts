/** Feeds and processing reports on their way to and from the store of documents, held against Amazon's schemas for them. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Ajv } from 'ajv'
import { specsDir } from './models.ts'
import { type Check, mismatch } from './schemas.ts'

/** What a document may weigh, and what Amazon's schema says in words only: every number of a message is its own. */
const largest = 10 * 1024 * 1024

function checkOf(name: string): Check {
  const file = join(specsDir(), 'amazon', 'schemas', 'feeds', `${name}.json`)
  if (!existsSync(file)) throw new Error(`SPECS_DIR holds no Amazon schema ${name}: ${file} is missing.`)
  // Not strict: the schemas hold words that are no keywords.
  const validate = new Ajv({ allErrors: true, strict: false }).compile(JSON.parse(readFileSync(file, 'utf8')) as object)
  return (value) => (validate(value) ? [] : (validate.errors ?? []).map(mismatch))
}

const feed = checkOf('listings-feed-schema-v2')
const report = checkOf('listings-feed-processing-report-schema-v2')

/** A document as it is put there. */
export const judgeFeed: Check = (text) => {
  const bytes = Buffer.byteLength(String(text))
  const mismatches = bytes <= largest ? [] : [{ at: 'body', problem: `has ${bytes} bytes` }]
  const body = JSON.parse(String(text)) as { messages?: { messageId?: unknown }[] }
  const numbers = (body.messages ?? []).map(({ messageId }) => messageId)
  if (new Set(numbers).size < numbers.length)
    mismatches.push({ at: '/messages', problem: 'a messageId stands there twice' })
  return [...mismatches, ...feed(body)]
}

/** A document as it is fetched: packed. */
export const judgeReport: Check = (bytes) => {
  try {
    return report(JSON.parse(gunzipSync(bytes as Buffer).toString('utf8')))
  } catch (error) {
    return [{ at: 'body', problem: `cannot be unpacked and read: ${(error as Error).message}` }]
  }
}
