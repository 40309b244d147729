#!/usr/bin/env node
/** Joins the parts. The only reader of the environment. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAsking } from './cli/ask.ts'
import { terminalCommands } from './cli/commands.ts'
import { type Command, type Given, runCli, type Terminal, terminalLanguage } from './cli/run.ts'
import type { Tools } from './cli/tools.ts'
import { readConfig } from './config.ts'
import { demoSpeed, startDemo } from './demo.ts'
import { openFoundation, startHub } from './hub.ts'
import { createLog } from './system.ts'
import { backupTools, openContext } from './terminal.ts'

const terminal: Terminal = {
  out: (line: string) => process.stdout.write(`${line}\n`),
  err: (line: string) => process.stderr.write(`${line}\n`),
  language: terminalLanguage(process.env),
  ...createAsking(process.stdin, process.stdout),
}
const say = (en: string, zh: string) => terminal.out(terminal.language === 'zh' ? zh : en)

// Where nobody reads it any more, or its disk is full, what would be printed is lost; the hub goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

/** Resolves at the first Ctrl+C or termination; a second one ends the process at once. */
function toldToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1))
        resolve(signal)
      })
    }
  })
}

async function start({ flags }: Pick<Given, 'flags'>): Promise<void> {
  const isDemo = flags.demo === true
  const config = readConfig(process.env, process.cwd())
  const log = createLog(isDemo && !process.env.LOG_LEVEL ? 'error' : config.logLevel)
  const stopped = toldToStop()
  say('Starting the database …', '正在启动数据库…')
  let now = () => new Date()
  const clock = { now: () => now() }
  const foundation = await openFoundation(config, clock, log)
  const closing: (() => Promise<void>)[] = [foundation.close]
  try {
    const demo = isDemo ? await startDemo(config, foundation.db) : undefined
    if (demo) {
      closing.push(demo.stop)
      now = demo.now
    }
    say('Preparing the dashboard …', '正在准备界面…')
    const hub = await startHub({
      config,
      clock,
      log,
      foundation,
      demo: demo ? { speed: demoSpeed, origin: demo.origin } : null,
    })
    closing.push(hub.stop)
    const file = await demo?.begin(hub)
    hub.startWork()
    if (file)
      say(
        `Demo: simulated marketplaces at ${file.simulator}, clock ×${demoSpeed}. Sign in as ${file.email} with ${file.password}`,
        `演示：模拟平台 ${file.simulator}，时钟 ×${demoSpeed}。登录账号 ${file.email}，密码 ${file.password}`,
      )
    else if (hub.setupUrl)
      say(`Make the first owner here (works once): ${hub.setupUrl}`, `请打开此一次性链接创建所有者：${hub.setupUrl}`)
    terminal.out(`Entrepot is ready: ${hub.url}`)
    const lost = await Promise.race([stopped.then(() => undefined), foundation.databaseEnded])
    if (lost !== undefined) {
      process.exitCode = 1
      terminal.err(
        `The built-in database ended and could not be brought back; Entrepot stops. Start it again; postgres.log tells more.\n${lost}`,
      )
    }
  } finally {
    for (const close of closing.reverse())
      await close().catch((error: Error) => log.error('stop failed', { error: error.message }))
  }
}

async function migrateOnly(): Promise<void> {
  const config = readConfig(process.env, process.cwd())
  const foundation = await openFoundation(config, { now: () => new Date() }, createLog(config.logLevel))
  say(
    foundation.applied.length > 0 ? `Applied: ${foundation.applied.join(', ')}` : 'The schema is current.',
    foundation.applied.length > 0 ? `已应用：${foundation.applied.join(', ')}` : '数据库结构已是最新。',
  )
  await foundation.close()
}

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
  version: string
}

/** What the commands of the terminal work with. */
const tools = (): Tools => {
  const config = readConfig(process.env, process.cwd())
  const log = createLog(process.env.LOG_LEVEL ? config.logLevel : 'error')
  const clock = { now: () => new Date() }
  // The embedded database ends with this process, so that process must end in an orderly way.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  return { open: () => openContext(config, clock, log, process.env), backups: backupTools(config, clock, log, version) }
}
const commands: Record<string, Command> = {
  start: {
    summary: 'run the hub',
    flags: { demo: { about: 'with simulated marketplaces, a demo catalog and traffic' } },
    run: start,
  },
  worker: {
    summary: 'run only the worker (ROLE=worker, needs DATABASE_URL)',
    flags: {},
    run: async (given) => {
      process.env.ROLE = 'worker'
      await start(given)
    },
  },
  migrate: { summary: 'bring the database schema to this version', flags: {}, run: migrateOnly },
  ...terminalCommands(tools, terminal),
}

const code = await runCli(process.argv.slice(2), commands, terminal)
if (code !== 0) process.exitCode = code
