/** The environment, validated in one place. A wrong value stops the start with a sentence that says what and how. */
import { isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { Problem } from './domain/errors.ts'

/** Every variable there is; docs/configuration.md is held to this list by a test. */
const schema = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'give a port number')
    .transform(Number)
    .pipe(z.number().max(65_535, 'a port is at most 65535'))
    .default(4_310),
  DATA_DIR: z.string().min(1).default('./data'),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\/./, 'give an address like postgres://user:password@host:5432/database')
    .optional(),
  ENTREPOT_KEY: z.string().min(1).optional(),
  ENTREPOT_KEY_FILE: z.string().min(1).optional(),
  PUBLIC_URL: z
    .string()
    .regex(/^https?:\/\/[^/]+$/, 'give the address people use, like https://hub.example.com, without a path')
    .optional(),
  LOG_LEVEL: z
    .enum(['error', 'warn', 'info', 'debug', 'silent'], 'use one of error, warn, info, debug, silent')
    .default('info'),
  ROLE: z.enum(['all', 'api', 'worker'], 'use one of all, api, worker').default('all'),
})

export const variables = Object.keys(schema.shape)

export interface Config {
  host: string
  port: number
  dataDir: string
  databaseUrl: string | undefined
  key: string | undefined
  keyFile: string
  publicUrl: string
  /** The same where somebody gave it: then channels can reach it, too. */
  outsideUrl: string | undefined
  logLevel: 'error' | 'warn' | 'info' | 'debug' | 'silent'
  role: 'all' | 'api' | 'worker'
}

export function readConfig(env: Record<string, string | undefined>, cwd: string): Config {
  // An empty variable is an absent one: that is what `VAR= npm start` means to people.
  const given = Object.fromEntries(variables.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw new Problem('config_invalid', { name: String(issue.path[0]), reason: issue.message })
  }
  const value = parsed.data
  if (value.ENTREPOT_KEY && value.ENTREPOT_KEY_FILE)
    throw new Problem('config_invalid', {
      name: 'ENTREPOT_KEY_FILE',
      reason: 'ENTREPOT_KEY is set too; give only one of them',
    })
  if (value.ROLE !== 'all' && !value.DATABASE_URL)
    throw new Problem('config_invalid', {
      name: 'ROLE',
      reason: `${value.ROLE} needs DATABASE_URL: several processes share a database of their own`,
    })
  const dataDir = isAbsolute(value.DATA_DIR) ? value.DATA_DIR : resolve(cwd, value.DATA_DIR)
  return {
    host: value.HOST,
    port: value.PORT,
    dataDir,
    databaseUrl: value.DATABASE_URL,
    key: value.ENTREPOT_KEY,
    keyFile: value.ENTREPOT_KEY_FILE ? resolve(cwd, value.ENTREPOT_KEY_FILE) : resolve(dataDir, 'entrepot.key'),
    publicUrl: value.PUBLIC_URL ?? `http://${value.HOST.includes(':') ? `[${value.HOST}]` : value.HOST}:${value.PORT}`,
    outsideUrl: value.PUBLIC_URL,
    logLevel: value.LOG_LEVEL,
    role: value.ROLE,
  }
}
