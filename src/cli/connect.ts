/**
 * `connect`: from nothing to an account that was checked. Each step is kept, so that a command that was stopped goes on where it
 * stood (`--resume`). A running hub takes the seller's way back; checks run here, or in the hub where it works for the account.
 */
import { checkFailure, checkTitle } from '../contract/checks.ts'
import { stage } from '../contract/schemas.ts'
import { accountsFor } from '../database/views/accounts.ts'
import { Problem } from '../domain/errors.ts'
import { missingSecrets, secretsOf } from '../operations/account-values.ts'
import { type CheckView, checkAccount } from '../operations/check-account.ts'
import { beginConsent, broughtByConsent, describeConsent } from '../operations/consent.ts'
import { changeDraft, draftAccount, finishDraft, mustBeDraft } from '../operations/draft-account.ts'
import { prepare, readSettings, secretsAround, variableOf } from './connect-input.ts'
import { type Command, type Given, type Terminal, Usage } from './run.ts'
import type { Opened, Tools } from './tools.ts'
import { type Say, sentence } from './words.ts'

const leaseMs = 15_000
const checksMs = 120_000
const lookMs = 250

type Account = Awaited<ReturnType<typeof accountsFor>>[number]

export function connectCommand(tools: Pick<Tools, 'open'>, terminal: Terminal): Command {
  return {
    summary: 'connect an account: settings, consent in the browser, live checks',
    args: '<channel>',
    flags: {
      name: { takes: 'name', about: 'what the account is called here' },
      stage: { takes: 'stage', about: 'sandbox, shadow (reads, never writes; the default), live or paused' },
      file: { takes: 'file', about: 'JSON with name, stage, settings and secrets; - reads it from stdin' },
      settings: { takes: 'json', about: 'settings as JSON; secrets come in ENTREPOT_SECRET_<NAME>' },
      resume: { takes: 'account', about: 'go on with an account that is being connected' },
      'skip-checks': { about: 'connect without the live checks' },
      json: { about: 'print JSON' },
    },
    async run(given) {
      const [channel, more] = given.args
      if (!channel || more) throw new Usage('Name one channel.')
      const opened = await tools.open()
      try {
        const { registry } = opened.ctx
        if (!registry.has(channel))
          throw new Usage(`There is no channel ${channel}; known are ${[...registry.keys()].join(', ')}.`)
        await connect(opened, terminal, given, channel)
      } finally {
        await opened.close()
      }
    },
  }
}

async function connect(opened: Opened, terminal: Terminal, given: Given, channel: string): Promise<void> {
  const { ctx } = opened
  const { flags } = given
  const say = sentence(terminal, flags)
  const begun =
    typeof flags.resume === 'string'
      ? await goOn(opened, given, channel, flags.resume)
      : await beginDraft(opened, terminal, given, channel)
  const { row } = begun
  const tell: Say = flags.json ? Object.assign(() => {}, say) : say
  await authorize(opened, row, tell)
  const checks = flags['skip-checks'] ? [] : await check(opened, row, tell)
  await ctx.db.transaction((tx) => finishDraft(tx, ctx, row, begun.stage))
  say.done(
    {
      id: row.id,
      channel,
      name: row.name,
      stage: begun.stage,
      checks: checks.map(({ id, state, code }) => ({ id, state, code })),
    },
    `${row.name} is connected, in the stage ${begun.stage}. A running hub begins to read it at once.`,
    `${row.name} 已连接，阶段为 ${begun.stage}。正在运行的 Entrepot 会立即开始读取。`,
  )
  if (begun.stage === 'shadow')
    tell(
      'Next: link what did not match, look at what would be written, then change the stage to live.',
      '下一步：配对未匹配的商品，查看将要写入的内容，然后将阶段改为正式运行。',
    )
}

interface Begun {
  row: Account
  stage: Account['stage']
}

function stageOf(asked: string | undefined): Account['stage'] {
  const wanted = stage.safeParse(asked ?? 'shadow')
  if (!wanted.success) throw new Usage('The stage is sandbox, shadow, live or paused.')
  return wanted.data
}

async function beginDraft(opened: Opened, terminal: Terminal, given: Given, channel: string): Promise<Begun> {
  const { ctx } = opened
  const prepared = await prepare(terminal, given, opened, channel)
  const wanted = stageOf(prepared.stage)
  const { settings, secrets } = prepared
  const name = prepared.name ?? (await terminal.ask('name'))
  const id = await ctx.db.transaction((tx) => draftAccount(tx, ctx, { channel, name, settings, secrets }))
  return { row: (await accountsFor(ctx.db, id))[0]!, stage: wanted }
}

/** What is given anew takes the place of what was given before. */
async function goOn(opened: Opened, { flags }: Given, channel: string, account: string): Promise<Begun> {
  const { ctx } = opened
  const [row] = await accountsFor(ctx.db, account)
  if (!row || row.channel !== channel) throw new Problem('unknown_account', { account })
  mustBeDraft(row)
  const secrets = secretsAround(opened, Object.keys(ctx.registry.get(channel)!.secrets.shape))
  const settings =
    typeof flags.settings === 'string'
      ? { ...(row.settings as Record<string, unknown>), ...readSettings(flags.settings) }
      : undefined
  await ctx.db.transaction((tx) => changeDraft(tx, ctx, row, { settings, secrets }))
  const wanted = stageOf(typeof flags.stage === 'string' ? flags.stage : undefined)
  return { row: (await accountsFor(ctx.db, row.id))[0]!, stage: wanted }
}

/** Sends the seller to the channel's page where secrets are missing that it brings, and waits for the way back. */
async function authorize(opened: Opened, row: Account, say: Say): Promise<void> {
  const { ctx, publicUrl } = opened
  const connector = ctx.registry.get(row.channel)!
  const missing = missingSecrets(connector, await secretsOf(ctx.db, ctx, row.id))
  const brought = broughtByConsent(connector)
  const others = missing.filter((name) => !brought.includes(name))
  if (others.length > 0)
    throw new Problem('input_missing', { what: others.join(', '), how: others.map(variableOf).join(', ') })
  if (missing.length === 0) return
  const { url, redirectUri } = await ctx.db.transaction((tx) => beginConsent(tx, ctx, row, { publicUrl, userId: null }))
  say(`Open this address as the seller, within ten minutes:\n${url}`, `请在十分钟内以卖家身份打开此地址：\n${url}`)
  say(
    `The channel must know this address of return, to the last slash: ${redirectUri}`,
    `平台上须登记完全一致的回调地址（包括末尾斜杠）：${redirectUri}`,
  )
  if (!(await isHubThere(opened)))
    say(
      `No hub answers at ${publicUrl}. Start it (entrepot start), so that the seller can come back.`,
      `${publicUrl} 没有响应。请先启动 Entrepot（entrepot start），以便接收回调。`,
    )
  for (;;) {
    const { state, failure } = await describeConsent(ctx.db, ctx, row.id)
    if (state === 'done') break
    if (state === 'failed' && failure) throw new Problem(failure.code as 'consent_refused', failure.params)
    if (state === 'expired') throw new Problem('consent_expired')
    await ctx.sleep(lookMs)
  }
  say('The seller authorized.', '卖家已授权。')
}

async function isHubThere({ ctx, publicUrl }: Opened): Promise<boolean> {
  try {
    return (await ctx.fetch(`${publicUrl}/healthz`, { signal: AbortSignal.timeout(3_000) })).ok
  } catch {
    return false
  }
}

/** Runs the checks and tells each as it ends. One that is needed and fails leaves the account as a draft. */
async function check(opened: Opened, row: Account, say: Say): Promise<CheckView[]> {
  const { ctx, holder, isDead } = opened
  if (!ctx.registry.get(row.channel)?.checks?.length) return []
  const options = { holder, isDead, leaseMs, limitMs: checksMs }
  const { checks, isDone } = await checkAccount(ctx, row, options, (view) => tellCheck(say, row.channel, view))
  if (!isDone) throw new Problem('work_incomplete', { accounts: row.name })
  const failed = checks.filter((one) => one.state !== 'ok' && !one.isOptional)
  if (failed.length > 0)
    throw new Problem('checks_failed', { account: row.name, checks: failed.map((one) => one.id).join(', ') })
  return checks
}

function tellCheck(say: Say, channel: string, { id, state, code, facts, isOptional }: CheckView): void {
  const mark = state === 'ok' ? 'ok' : state === 'skipped' ? '? ' : isOptional ? '! ' : '!!'
  const known = Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
  const more = known && state === 'ok' ? ` (${known})` : ''
  say(`${mark}   ${checkTitle(channel, id, 'en')}${more}`, `${mark}   ${checkTitle(channel, id, 'zh')}${more}`)
  if (code === null) return
  const [en, zh] = (['en', 'zh'] as const).map((language) => {
    const { cause, next } = checkFailure(channel, id, code, facts, language)
    return `     ${cause}\n     ${next}`
  })
  say(en!, zh!)
}
