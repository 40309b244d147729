/** `accounts` and `connect`: the sellers' connections to channels. */
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { stage } from '../contract/schemas.ts'
import { accountsFor } from '../database/views/accounts.ts'
import { describeAccounts } from '../database/views/system.ts'
import { Problem } from '../domain/errors.ts'
import { connectAccount } from '../operations/connect-account.ts'
import { type Command, type Given, type Terminal, Usage } from './run.ts'
import type { Opened, Tools } from './tools.ts'
import { sentence, table } from './words.ts'

export function accountsCommand(tools: Pick<Tools, 'open'>, terminal: Terminal): Command {
  return {
    summary: 'list the accounts and how they are',
    flags: { json: { about: 'print JSON' } },
    async run({ flags }) {
      const say = sentence(terminal, flags)
      const opened = await tools.open()
      try {
        const { db, clock } = opened.ctx
        const items = await describeAccounts(db, await accountsFor(db), clock.now())
        if (flags.json) return say.json({ items })
        if (items.length === 0)
          return say(
            'There is no account yet: entrepot connect <channel>.',
            '还没有店铺：请运行 entrepot connect <channel>。',
          )
        const rows = items.map((item) => [
          item.name,
          item.channel,
          item.stage,
          item.halted ? `halted (${item.halted.code})` : 'working',
          `${item.orders}`,
          item.streams.find((one) => one.stream === 'orders')?.pulledAt ?? '–',
        ])
        terminal.out(
          table(
            rows,
            say.pick(
              ['NAME', 'CHANNEL', 'STAGE', 'STATE', 'ORDERS', 'ORDERS READ'],
              ['名称', '平台', '阶段', '状态', '订单', '订单读取于'],
            ),
          ),
        )
      } finally {
        await opened.close()
      }
    },
  }
}

const fileSchema = z.object({
  name: z.string().trim().min(1).max(100).optional(),
  stage: stage.optional(),
  settings: z.record(z.string(), z.unknown()).default({}),
  secrets: z.record(z.string(), z.string()).default({}),
})
type Prepared = z.output<typeof fileSchema>

export function connectCommand(tools: Pick<Tools, 'open'>, terminal: Terminal): Command {
  return {
    summary: 'connect an account; asks for what the channel needs',
    args: '<channel>',
    flags: {
      name: { takes: 'name', about: 'what the account is called here' },
      stage: { takes: 'stage', about: 'sandbox, shadow (reads, never writes; the default), live or paused' },
      file: { takes: 'file', about: 'JSON with name, stage, settings and secrets; - reads it from stdin' },
      json: { about: 'print JSON' },
    },
    async run(given) {
      const { args, flags } = given
      const [channel, more] = args
      if (!channel || more) throw new Usage('Name one channel.')
      const opened = await tools.open()
      try {
        const { ctx } = opened
        const connector = ctx.registry.get(channel)
        if (!connector)
          throw new Usage(`There is no channel ${channel}; known are ${[...ctx.registry.keys()].join(', ')}.`)
        const prepared = await prepare(terminal, given, opened, channel)
        const wanted = stage.safeParse(prepared.stage ?? 'shadow')
        if (!wanted.success) throw new Usage('The stage is sandbox, shadow, live or paused.')
        const { settings, secrets } = prepared
        const name = prepared.name ?? (await terminal.ask('name'))
        const id = await ctx.db.transaction((tx) =>
          connectAccount(tx, ctx, { channel, name, stage: wanted.data, settings, secrets }),
        )
        sentence(terminal, flags).done(
          { id, channel, name, stage: wanted.data },
          `${name} is connected, in the stage ${wanted.data}. A running hub begins to read it at once.`,
          `${name} 已连接，阶段为 ${wanted.data}。正在运行的 Entrepot 会立即开始读取。`,
        )
      } finally {
        await opened.close()
      }
    },
  }
}

async function prepare(terminal: Terminal, { flags }: Given, opened: Opened, channel: string): Promise<Prepared> {
  const given = {
    ...(typeof flags.name === 'string' ? { name: flags.name } : {}),
    ...(typeof flags.stage === 'string' ? { stage: flags.stage as Prepared['stage'] } : {}),
  }
  if (typeof flags.file === 'string') return { ...readPrepared(flags.file, await read(terminal, flags.file)), ...given }
  const connector = opened.ctx.registry.get(channel)!
  const settings = await askSettings(terminal, z.toJSONSchema(connector.settings, { io: 'input' }) as ObjectSchema)
  const secrets: Record<string, string> = {}
  for (const [secret, type] of Object.entries(connector.secrets.shape))
    if (!type.isOptional()) secrets[secret] = await terminal.ask(secret, { secret: true })
  return { settings, secrets, ...given }
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
async function askSettings(terminal: Terminal, schema: ObjectSchema): Promise<Record<string, unknown>> {
  const settings: Record<string, unknown> = {}
  for (const name of schema.required ?? []) {
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
