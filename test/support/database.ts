/** A database of its own for a test file, copied from the template. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, inject } from 'vitest'
import { type Database, openDatabase } from '../../src/database/pool.ts'
import { templateName, urlOf } from './postgres.ts'

/** Call at the top of a test file; the answer is usable inside tests and hooks. */
export function useDatabase(): { readonly db: Database; readonly url: string } {
  const name = `test_${randomBytes(6).toString('hex')}`
  let db: Database | undefined
  let url = ''
  beforeAll(async () => {
    url = urlOf(inject('postgresUrl'), name)
    await createFromTemplate(name)
    db = openDatabase(url)
  })
  afterAll(async () => {
    await db?.close()
    await dropDatabase(name)
  })
  return {
    get db() {
      if (!db) throw new Error('the database is there only inside tests and hooks')
      return db
    },
    get url() {
      return url
    },
  }
}

export async function createFromTemplate(name: string): Promise<string> {
  const admin = openDatabase(inject('postgresUrl'), { max: 1 })
  try {
    await admin.run(`create database ${name} template ${templateName}`)
  } finally {
    await admin.close()
  }
  return urlOf(inject('postgresUrl'), name)
}

export async function dropDatabase(name: string): Promise<void> {
  const admin = openDatabase(inject('postgresUrl'), { max: 1 })
  try {
    await admin.run(`drop database if exists ${name} with (force)`)
  } finally {
    await admin.close()
  }
}
