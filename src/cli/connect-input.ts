/** What `connect` is given: from a file, the command line, the environment, or a person who is asked. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { stage } from '../contract/schemas.ts'
import { Problem } from '../domain/errors.ts'
import { broughtByConsent } from '../operations/consent.ts'
import type { Given, Terminal } from './run.ts'
import type { Opened } from './tools.ts'

const fileSchema = z.object({
  name: z.string().trim().min(1).max(100).optional(),
  stage: stage.optional(),
  settings: z.record(z.string(), z.unknown()).default({}),
  secrets: z.record(z.string(), z.string()).default({}),
})
export type Prepared = z.output<typeof fileSchema>

/** The variable of the environment that holds a secret: clientSecret is ENTREPOT_SECRET_CLIENT_SECRET. */
export const variableOf = (secret: string) =>
  `ENTREPOT_SECRET_${secret.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}`

/** Settings, and the secrets that are known by now: what the seller's consent brings is asked of nobody. */
export async function prepare(
  terminal: Terminal,
  { flags }: Given,
  opened: Opened,
  channel: string,
): Promise<Prepared> {
  const given = {
    ...(typeof flags.name === 'string' ? { name: flags.name } : {}),
    ...(typeof flags.stage === 'string' ? { stage: flags.stage as Prepared['stage'] } : {}),
  }
  const connector = opened.ctx.registry.get(channel)!
  const kept = secretsAround(opened, Object.keys(connector.secrets.shape))
  if (typeof flags.file === 'string') {
    const file = readPrepared(flags.file, await read(terminal, flags.file))
    return { ...file, secrets: { ...kept, ...file.secrets }, ...given }
  }
  const schema = z.toJSONSchema(connector.settings, { io: 'input' }) as ObjectSchema
  const stated = typeof flags.settings === 'string' ? readSettings(flags.settings) : {}
  const settings = { ...(await askSettings(terminal, schema, stated)), ...stated }
  const secrets: Record<string, string> = { ...kept }
  const brought = broughtByConsent(connector)
  for (const [name, field] of Object.entries(connector.secrets.shape)) {
    const isOptional = z.safeParse(field, undefined).success
    if (secrets[name] !== undefined || brought.includes(name) || isOptional) continue
    secrets[name] = await terminal.ask(name, { secret: true })
  }
  return { settings, secrets, ...given }
}

/** Secrets of the environment: they stand on no command line, and in no history of a shell. */
export function secretsAround(opened: Pick<Opened, 'environment'>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = opened.environment[variableOf(name)]
      return value ? [[name, value]] : []
    }),
  )
}

/** Settings as JSON on the command line; none of them is a secret. */
export function readSettings(text: string): Record<string, unknown> {
  return readPrepared('--settings', `{"settings":${text}}`).settings
}

async function read(terminal: Terminal, file: string): Promise<string> {
  if (file === '-') return await terminal.input()
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Problem('file_missing', { file }, error)
  }
}

function readPrepared(file: string, text: string): Prepared {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Problem('input_invalid', { what: file, reason: 'it is not JSON' }, error)
  }
  const parsed = fileSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new Problem('input_invalid', { what: `${file}: ${path.join('.')}`, reason: message })
}

interface ObjectSchema {
  properties?: Record<string, { type?: string; enum?: unknown[]; default?: unknown; items?: unknown }>
  required?: string[]
}

/** Only what must be given is asked; the rest has a default, or comes in a file. */
async function askSettings(
  terminal: Terminal,
  schema: ObjectSchema,
  stated: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const settings: Record<string, unknown> = {}
  for (const name of schema.required ?? []) {
    if (stated[name] !== undefined) continue
    const { type, enum: choices } = schema.properties?.[name] ?? {}
    const hint = choices
      ? ` (${choices.join(', ')})`
      : type === 'array'
        ? ' (a,b,c)'
        : type === 'boolean'
          ? ' (yes, no)'
          : ''
    const answer = await terminal.ask(`${name}${hint}`)
    settings[name] = readAnswer(answer, type)
  }
  return settings
}

function readAnswer(answer: string, type: string | undefined): unknown {
  if (type === 'array')
    return answer
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean)
  if (type === 'integer' || type === 'number') return Number(answer)
  if (type === 'boolean') return /^(y|yes|true|是)$/i.test(answer)
  return answer
}
