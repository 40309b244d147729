/** The terminal's commands: what they say, how they end, and that nothing secret is on a command line. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAsking } from '../src/cli/ask.ts'
import { terminalCommands } from '../src/cli/commands.ts'
import { runCli, type Terminal } from '../src/cli/run.ts'
import { readConfig } from '../src/config.ts'
import { problemText } from '../src/contract/problems.ts'
import { openDatabase } from '../src/database/pool.ts'
import { verifyPassword } from '../src/sign-in/passwords.ts'
import { createLog } from '../src/system.ts'
import { backupTools, openContext } from '../src/terminal.ts'
import { createFromTemplate, dropDatabase, useDatabase } from './support/database.ts'
import { postmasterOf, type Ran, runCommand, startHubProcess } from './support/installation-process.ts'

const own = useDatabase()
const productId = '01900000-0000-7000-8000-000000000001'
let folder: string
let env: Record<string, string>

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'entrepot-cli-'))
  chmodSync(folder, 0o711)
  env = { DATA_DIR: folder, DATABASE_URL: own.url, ENTREPOT_KEY: Buffer.alloc(32, 5).toString('base64') }
})
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))

/** Starting processes and databases takes long on a busy machine. */
const slowly = 240_000

/** In this process, with all parts but the process itself: starting one takes longer than most commands. */
async function withInput(input: string, ...args: string[]): Promise<Ran> {
  let [out, err] = ['', '']
  const terminal: Terminal = {
    out: (line) => void (out += `${line}\n`),
    err: (line) => void (err += `${line}\n`),
    language: 'en',
    ...createAsking(Readable.from([input]) as NodeJS.ReadStream, process.stdout),
  }
  const config = readConfig(env, folder)
  const clock = { now: () => new Date() }
  const log = createLog('error')
  const tools = () => ({
    open: () => openContext(config, clock, log),
    backups: backupTools(config, clock, log, '0.0.0'),
  })
  const code = await runCli(args, terminalCommands(tools, terminal), terminal)
  return { code, out, err }
}
const run = (...args: string[]): Promise<Ran> => withInput('', ...args)

/** Ends with 1 and the whole text of this problem, in both languages' order: title, next step, code. */
function expectProblem(ran: Ran, code: string, params: Record<string, unknown>): void {
  const { title, next } = problemText(code, params, 'en')
  expect(ran).toEqual({ code: 1, out: ran.out, err: `${title}\n${next} [${code}]\n` })
}

test('docs/terminal.md names every command and every flag, and no other', async () => {
  const { out } = await runCommand(env, ['help'])
  const commands = [...out.matchAll(/^ {2}(\w+)/gm)].map((match) => match[1]!)
  const flags = new Set([...out.matchAll(/^ {4}--([\w-]+)/gm)].map((match) => match[1]!))
  expect(commands).toEqual([
    'start',
    'worker',
    'migrate',
    'user',
    'accounts',
    'connect',
    'pull',
    'push',
    'reconcile',
    'probe',
    'import',
    'export',
    'backup',
    'restore',
  ])
  const page = readFileSync(resolve(import.meta.dirname, '../docs/terminal.md'), 'utf8')
  const named = new Set([...page.matchAll(/entrepot (\w+)/g)].map((match) => match[1]!))
  expect([...named].sort()).toEqual([...commands].sort())
  expect([...new Set([...page.matchAll(/--([a-z][\w-]+)/g)].map((match) => match[1]!))].sort()).toEqual(
    [...flags].sort(),
  )
  // Every line of the help fits a terminal.
  expect(out.split('\n').filter((line) => line.length > 120)).toEqual([])
})

test('people: added, listed, given a role and a password, disabled; never the last owner', async () => {
  const added = await run('user', 'add', 'Anna@Example.com', '--name', 'Anna', '--role', 'owner')
  expect(added).toMatchObject({ code: 0, err: '' })
  const made = /Password, shown once: (\S{20})\n/.exec(added.out)![1]!
  const hashOf = async (email: string) =>
    (await own.db.one<{ hash: string }>('select password_hash as hash from users where email = $1', [email]))!.hash
  expect(await verifyPassword(made, await hashOf('anna@example.com'))).toBe(true)

  const bob = ['user', 'add', 'bob@example.com', '--name', 'Bob', '--role', 'viewer', '--ask-password', '--json']
  const chosen = await withInput('correct horse battery\n', ...bob)
  expect(chosen).toMatchObject({ code: 0, err: '' })
  // What a person chose is not repeated.
  expect(chosen.out).not.toContain('correct horse')
  expect(await verifyPassword('correct horse battery', await hashOf('bob@example.com'))).toBe(true)
  expectProblem(await withInput('short\n', 'user', 'password', 'bob@example.com', '--ask-password'), 'input_invalid', {
    what: 'password',
    reason: 'at least 12 characters',
  })
  expectProblem(await run('user', 'password', 'bob@example.com', '--ask-password'), 'input_missing', {
    what: 'Password (at least 12 characters)',
    how: 'stdin',
  })

  const at = new Date()
  const later = new Date(at.getTime() + 86_400_000)
  const openSession = async (name: string) =>
    await own.db.run(
      `insert into sessions (token_hash, user_id, csrf, created_at, seen_at, expires_at) select $1, id, 'c', $2, $2, $3 from users where name = 'Bob'`,
      [Buffer.from(name), at, later],
    )
  const sessions = async () => (await own.db.rows('select 1 from sessions')).length
  await openSession('one')
  await openSession('two')
  expect((await run('user', 'role', 'bob@example.com', 'finance')).out).toBe(
    'bob@example.com is finance now; 2 sessions ended.\n',
  )
  expect(await sessions()).toBe(0)
  await openSession('three')
  await run('user', 'password', 'bob@example.com')
  expect(await sessions()).toBe(0)
  await openSession('four')
  expect(await run('user', 'disable', 'bob@example.com')).toMatchObject({ code: 0 })
  expect(await sessions()).toBe(0)
  const { items } = JSON.parse((await run('user', 'list', '--json')).out) as {
    items: { email: string; disabledAt: string | null }[]
  }
  expect(items.map(({ email, disabledAt }) => [email, disabledAt !== null])).toEqual([
    ['anna@example.com', false],
    ['bob@example.com', true],
  ])
  expectProblem(await run('user', 'disable', 'anna@example.com'), 'last_owner', { email: 'anna@example.com' })
  expectProblem(await run('user', 'role', 'anna@example.com', 'viewer'), 'last_owner', { email: 'anna@example.com' })
  await run('user', 'enable', 'bob@example.com')
  await run('user', 'role', 'bob@example.com', 'owner')
  expect(await run('user', 'disable', 'anna@example.com')).toMatchObject({ code: 0 })
  // A disabled owner is no owner who could sign in.
  expectProblem(await run('user', 'disable', 'bob@example.com'), 'last_owner', { email: 'bob@example.com' })
  expectProblem(await run('user', 'disable', 'nobody@example.com'), 'not_found', {
    what: 'person',
    id: 'nobody@example.com',
  })
})

test('a wrong command line is told with how the command is used, and ends with 2', async () => {
  for (const [args, words] of [
    [['user'], 'Say what to do: list, add, disable, enable, password, role.'],
    [['user', 'role', 'a@b.example', 'king'], 'The role is one of'],
    [['user', 'add', 'a@b.example'], 'add needs --name and --role.'],
    [
      ['connect', 'etsy'],
      'There is no channel etsy; known are amazon, bigcommerce, ebay, shopify, woocommerce, storefront, walmart.',
    ],
    [['pull', '--wait', 'long'], '--wait takes seconds'],
    [['backup'], 'Name one file.'],
    [['restore', 'a', 'b'], 'Name one file.'],
    [['pull', '--now'], "Unknown option '--now'"],
    [['sell'], 'There is no command sell.'],
  ] as const) {
    const ran = await run(...args)
    expect({ code: ran.code, out: ran.out }, args.join(' ')).toEqual({ code: 2, out: '' })
    expect(ran.err.startsWith(words), ran.err).toBe(true)
    expect(ran.err).toContain('entrepot <command>')
  }
})

test('an account is connected from answers or from a file, and listed', async () => {
  const secret = `whsec_${Buffer.alloc(24, 3).toString('base64')}`
  const asked = await withInput(
    `https://shop.example/hook\n${secret}\n`,
    'connect',
    'storefront',
    '--name',
    'Asked',
    '--skip-checks',
  )
  expect(asked).toEqual({
    code: 0,
    out: `Asked is connected, in the stage shadow. A running hub begins to read it at once.\nNext: link what did not match, look at what would be written, then change the stage to live.\n`,
    err: '',
  })
  const file = {
    name: 'From a file',
    settings: { webhookUrl: 'https://shop.example/hook' },
    secrets: { webhookSecret: secret },
  }
  const piped = await withInput(
    JSON.stringify(file),
    'connect',
    'storefront',
    '--file',
    '-',
    '--stage',
    'paused',
    '--skip-checks',
    '--json',
  )
  expect(JSON.parse(piped.out)).toMatchObject({ name: 'From a file', stage: 'paused' })
  expect(piped.out + asked.out).not.toContain('whsec')
  const again = await withInput(JSON.stringify(file), 'connect', 'storefront', '--file', '-')
  expectProblem(again, 'bad_request', { message: 'name: an account named From a file exists already' })
  const wrong = { ...file, name: 'Wrong', settings: {} }
  expect((await withInput(JSON.stringify(wrong), 'connect', 'storefront', '--file', '-')).err).toContain(
    'settings.webhookUrl',
  )
  expectProblem(await withInput('{', 'connect', 'storefront', '--file', '-'), 'input_invalid', {
    what: '-',
    reason: 'it is not JSON',
  })
  expect((await run('accounts')).out).toMatch(/Asked +storefront +shadow +working/)
  expect((await run('pull')).out).toBe('Asked: nothing to read; its orders come in by themselves.\n')
  expect((await run('push', 'Asked')).out).toBe('Asked: nothing is sent in the stage shadow, or to this channel.\n')
  expectProblem(await run('pull', 'Nobody'), 'unknown_account', { account: 'Nobody' })
})

test('every slot is compared, and an account is probed from what it did', async () => {
  expect(await run('reconcile')).toEqual({ code: 0, out: 'Every slot is told what it should show.\n', err: '' })
  const told = JSON.parse((await run('reconcile', '--mend', '--json')).out) as { differing: number; mended: boolean }
  expect(told).toMatchObject({ differing: 0, mended: true })
  expectProblem(await run('probe', 'Nobody'), 'unknown_account', { account: 'Nobody' })
  expect((await run('probe')).err).toContain('Name one account')
  expect((await run('probe', 'Asked', '--days', 'many')).err).toContain('--days takes days')
  const probed = await run('probe', 'Asked', '--days', '7')
  expect(probed).toMatchObject({ code: 0, err: '' })
  expect(probed.out).toContain('Asked, 7 days: 0 slots, 0 readings, 0 writes, 0 sales.')
  // Nothing seen is no proof.
  expect(probed.out).toContain('?    It lowers its own number when it sells: 0 times, 0 times not.')
})

test('on a machine without the key a command makes none, for nothing that is there would open with it', async () => {
  const { ENTREPOT_KEY: _, ...without } = env
  const dataDir = join(folder, 'elsewhere')
  const ran = await runCommand({ ...without, DATA_DIR: dataDir }, ['accounts'])
  expectProblem(ran, 'key_missing', { place: join(dataDir, 'entrepot.key') })
  expect(existsSync(join(dataDir, 'entrepot.key'))).toBe(false)
})

test('a full disk ends a backup with a sentence, and what was there before is still there', async () => {
  await own.db.run(
    `insert into products (id, title, created_at) select md5(n::text)::uuid, md5(n::text) || md5((n * 7)::text), $1 from generate_series(1, 4000) n`,
    [new Date()],
  )
  const file = join(folder, 'full.backup')
  expect(await run('backup', file)).toMatchObject({ code: 0, err: '' })
  const before = readFileSync(file)
  // No file of the process may grow beyond 64 kB.
  const ran = await runCommand(env, ['backup', file], { shell: 'trap "" XFSZ; ulimit -f 64' })
  expectProblem(ran, 'file_unwritable', { file, reason: 'EFBIG' })
  expect(readFileSync(file)).toEqual(before)
})

test(
  'with a database of its own: backup while a worker runs, restore refused until it has stopped, then done',
  async () => {
    const name = `cli_${Date.now()}`
    const live = { ...env, DATABASE_URL: await createFromTemplate(name), PORT: '0' }
    const look = openDatabase(live.DATABASE_URL, { max: 1, name: 'a test' })
    try {
      const file = join(folder, 'live.backup')
      const worker = await startHubProcess({ ...live, ROLE: 'worker' })
      await look.run(`insert into products (id, title, created_at) values ($1, 'Kept', $2)`, [productId, new Date()])
      expect(await runCommand(live, ['backup', file])).toMatchObject({ code: 0, err: '' })
      await look.run(`update products set title = 'Changed'`)
      expect((await runCommand(live, ['restore', file, '--replace'])).err).toContain('[restore_hub_running]')
      expect(await look.one('select title from products')).toEqual({ title: 'Changed' })
      expect(await worker.stop()).toBe(0)
      const { out } = await runCommand(live, ['restore', file, '--replace', '--json'])
      expect(JSON.parse(out)).toMatchObject({ rows: { products: 1, orders: 0 }, applied: [], broken: [] })
      expect(await look.one('select title from products')).toEqual({ title: 'Kept' })
    } finally {
      await look.close()
      await dropDatabase(name)
    }
  },
  slowly,
)

test(
  'without any hub a command brings the built-in database along, and leaves none behind',
  async () => {
    const dataDir = join(folder, 'embedded')
    const alone = { DATA_DIR: dataDir }
    const add = ['user', 'add', 'own@example.com', '--name', 'Own', '--role', 'owner', '--json']
    const [first, second] = await Promise.all([
      runCommand(alone, add),
      // Started at the same time: it waits for the other one's database, or its own turn.
      runCommand(alone, ['user', 'list', '--json']),
    ])
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(second).toMatchObject({ code: 0, err: '' })
    expect(postmasterOf(dataDir)).toBeUndefined()
    const file = join(folder, 'embedded.backup')
    const keys = join(folder, 'embedded.keys')
    const passphrase = join(folder, 'passphrase')
    writeFileSync(passphrase, 'a long passphrase\n')
    const made = await runCommand(alone, ['backup', file, '--check', '--keys', keys, '--passphrase-file', passphrase])
    expect(made).toMatchObject({ code: 0, err: '' })
    expect(made.out).toContain('every count agrees')
    expectProblem(
      await runCommand({ DATA_DIR: join(folder, 'other') }, ['restore', file, '--keys', keys], {
        input: 'a wrong passphrase\n',
      }),
      'keys_refused',
      { file: keys },
    )
    expectProblem(await runCommand(alone, ['restore', file]), 'restore_not_empty', {
      accounts: 0,
      orders: 0,
      newest: '–',
    })
    const other = { DATA_DIR: join(folder, 'other'), LANG: 'zh_CN.UTF-8' }
    const restored = await runCommand(other, ['restore', file, '--keys', keys], { input: 'a long passphrase\n' })
    expect(restored).toMatchObject({ code: 0, err: '' })
    expect(restored.out).toContain('请启动 Entrepot')
    expect((await runCommand(other, ['user', 'list'])).out).toMatch(/own@example\.com +Own +owner/)
  },
  slowly,
)
