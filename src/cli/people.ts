/** `user`: who may sign in. */
import { roles } from '../contract/permissions.ts'
import { peopleRoutes } from '../contract/routes/people.ts'
import { Problem } from '../domain/errors.ts'
import { changePassword, changeRole, disablePerson, enablePerson, listPeople } from '../sign-in/manage-people.ts'
import { addUser } from '../sign-in/people.ts'
import { type Command, type Given, type Terminal, Usage } from './run.ts'
import type { Opened, Tools } from './tools.ts'
import { sentence, table } from './words.ts'

const verbs = ['list', 'add', 'disable', 'enable', 'password', 'role'] as const
type Verb = (typeof verbs)[number]

export function userCommand(tools: Pick<Tools, 'open'>, terminal: Terminal): Command {
  return {
    summary: 'people: list, add, disable, enable, password, role',
    args: '<verb> [e-mail] [role]',
    flags: {
      name: { takes: 'name', about: 'with add: what the person is called' },
      role: { takes: 'role', about: `with add: ${roles.join(', ')}` },
      language: { takes: 'en|zh', about: 'with add: the language of their screens' },
      'ask-password': { about: 'with add and password: ask for it (or read a line of stdin) instead of making one' },
      json: { about: 'print JSON' },
    },
    async run(given) {
      const { verb, email, role } = readLine(given)
      const opened = await tools.open()
      try {
        await act(opened, terminal, given, verb, email, role)
      } finally {
        await opened.close()
      }
    },
  }
}

function readLine({ args, flags }: Given): { verb: Verb; email: string; role: string } {
  const [verb, email = '', role = '', more] = args
  const known = verbs.find((one) => one === verb)
  if (!known) throw new Usage(`Say what to do: ${verbs.join(', ')}.`)
  if (known !== 'list' && !email) throw new Usage(`${known} needs an e-mail address.`)
  if (known === 'role' && !roles.some((one) => one === role)) throw new Usage(`The role is one of ${roles.join(', ')}.`)
  if (known === 'add' && (!flags.name || !flags.role)) throw new Usage('add needs --name and --role.')
  if ((known !== 'role' && role) || (known === 'list' && email) || more) throw new Usage('There are too many words.')
  return { verb: known, email, role }
}

async function act(
  opened: Opened,
  terminal: Terminal,
  { flags }: Given,
  verb: Verb,
  email: string,
  role: string,
): Promise<void> {
  const { ctx, people } = opened
  const say = sentence(terminal, flags)
  switch (verb) {
    case 'list': {
      const rows = await listPeople(ctx.db, ctx.clock.now())
      if (flags.json) return say.json({ items: rows.map(shownPerson) })
      return terminal.out(
        table(
          rows.map((row) => [
            row.email,
            row.name,
            row.role,
            row.disabled_at ? 'disabled' : 'active',
            `${row.sessions}`,
          ]),
          say.pick(['E-MAIL', 'NAME', 'ROLE', 'STATE', 'SESSIONS'], ['邮箱', '姓名', '角色', '状态', '会话']),
        ),
      )
    }
    case 'add': {
      const { password, made } = await passwordFor(opened, terminal, flags)
      const body = peopleRoutes.addUser.body.safeParse({
        email,
        name: flags.name,
        role: flags.role,
        language: flags.language,
        password,
      })
      if (!body.success) {
        const { path, message } = body.error.issues[0]!
        throw new Problem('input_invalid', { what: path.join('.'), reason: message })
      }
      const user = await ctx.db.transaction((tx) => addUser(tx, people, body.data))
      if (flags.json) return say.json({ ...user, ...(made ? { password } : {}) })
      say(`${user.email} may sign in as ${user.role}.`, `${user.email} 现在可以以 ${user.role} 身份登录。`)
      if (made) say(`Password, shown once: ${password}`, `密码（仅显示一次）：${password}`)
      return
    }
    case 'password': {
      const { password, made } = await passwordFor(opened, terminal, flags)
      const ended = await ctx.db.transaction((tx) => changePassword(tx, people, email, password))
      if (flags.json) return say.json({ email, sessionsEnded: ended, ...(made ? { password } : {}) })
      say(`The password is changed; ${ended} sessions ended.`, `密码已更改，结束了 ${ended} 个会话。`)
      if (made) say(`Password, shown once: ${password}`, `密码（仅显示一次）：${password}`)
      return
    }
    case 'enable':
      await ctx.db.transaction((tx) => enablePerson(tx, email))
      return say.done({ email }, `${email} may sign in again.`, `${email} 可以重新登录。`)
    case 'disable':
    case 'role': {
      const ended = await ctx.db.transaction((tx) =>
        verb === 'disable' ? disablePerson(tx, people, email) : changeRole(tx, email, role as (typeof roles)[number]),
      )
      const [en, zh] = verb === 'disable' ? ['is disabled', '已停用'] : [`is ${role} now`, `现在是 ${role}`]
      return say.done(
        { email, sessionsEnded: ended },
        `${email} ${en}; ${ended} sessions ended.`,
        `${email} ${zh}，结束了 ${ended} 个会话。`,
      )
    }
  }
}

const shownPerson = (row: Awaited<ReturnType<typeof listPeople>>[number]) => ({
  id: row.id,
  email: row.email,
  name: row.name,
  role: row.role,
  language: row.language,
  createdAt: row.created_at.toISOString(),
  disabledAt: row.disabled_at?.toISOString() ?? null,
  sessions: row.sessions,
})

/** Made here, unless a person wants to choose it. Never from the command line: other users see that. */
async function passwordFor(
  { ctx }: Opened,
  terminal: Terminal,
  flags: Given['flags'],
): Promise<{ password: string; made: boolean }> {
  if (!flags['ask-password']) return { password: ctx.sealing.newToken().slice(0, 20), made: true }
  const question = terminal.language === 'zh' ? '密码（至少 12 个字符）' : 'Password (at least 12 characters)'
  const password = await terminal.ask(question, { secret: true })
  if (password.length < 12) throw new Problem('input_invalid', { what: 'password', reason: 'at least 12 characters' })
  if (terminal.isInteractive) {
    const again = await terminal.ask(terminal.language === 'zh' ? '再输入一次' : 'Once more', { secret: true })
    if (again !== password) throw new Problem('input_invalid', { what: 'password', reason: 'the two differ' })
  }
  return { password, made: false }
}
