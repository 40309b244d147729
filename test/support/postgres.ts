/**
 * One embedded PostgreSQL for the whole run, with a migrated template that each test file copies. A crash of the machine
 * is not what these tests are about, so nothing is forced to disk.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/pool.ts'
import { startEmbedded } from '../../src/database/supervisor.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
  }
}

export const templateName = 'entrepot_template'

export function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${database}`
  return url.toString()
}

export default async function setup(project: TestProject) {
  const dataDir = mkdtempSync(join(tmpdir(), 'entrepot-test-'))
  const postgres = await startEmbedded({
    dataDir,
    settings: { max_connections: '200', fsync: 'off', synchronous_commit: 'off' },
  })
  const admin = openDatabase(postgres.url)
  await admin.run(`create database ${templateName}`)
  await admin.close()
  const template = openDatabase(urlOf(postgres.url, templateName))
  await migrate(template, { now: () => new Date('2026-11-22T00:00:00Z') })
  await template.close()
  project.provide('postgresUrl', postgres.url)
  return async () => {
    await postgres.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
