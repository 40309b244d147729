/** Commands of the terminal. They print sentences for people; problems end with what to do next. */
import { parseArgs } from 'node:util'
import { problemText } from '../contract/problems.ts'
import { Problem } from '../domain/errors.ts'

export interface Command {
  summary: string
  /** What follows the name, as people read it: `<file>`. Absent: nothing may follow. */
  args?: string
  /** Flags it knows, by name without dashes. `takes` names the value that follows, where one does. */
  flags: Record<string, { takes?: string; about: string }>
  run(given: Given): Promise<void>
}

/** What stood on the command line. A flag without a value is `true`. */
export interface Given {
  args: readonly string[]
  flags: Readonly<Record<string, string | true | undefined>>
}

export interface Terminal {
  out(line: string): void
  err(line: string): void
  language: 'en' | 'zh'
  /** The answer of a person, or the next line of what is piped in. A secret is not shown while it is typed. */
  ask(question: string, options?: { secret?: boolean }): Promise<string>
  /** Whether a person sits there. */
  isInteractive: boolean
  /** Everything that is piped in. */
  input(): Promise<string>
}

/** The command line itself is wrong: the sentence is shown with how the command is used. */
export class Usage extends Error {
  override name = 'Usage'
}

export function usage(commands: Record<string, Command>): string {
  const lines = Object.entries(commands).flatMap(([name, command]) => [
    `  ${[name, command.args].filter(Boolean).join(' ').padEnd(26)} ${command.summary}`,
    ...Object.entries(command.flags).map(
      ([flag, { takes, about }]) =>
        `    ${[`--${flag}`, takes && `<${takes}>`].filter(Boolean).join(' ').padEnd(24)} ${about}`,
    ),
  ])
  return ['entrepot <command>', '', ...lines].join('\n')
}

/** Reads flags and arguments; answers a sentence where the command does not know one. */
function readGiven(command: Command, rest: readonly string[]): Given | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...rest],
      allowPositionals: command.args !== undefined,
      options: Object.fromEntries(
        Object.entries(command.flags).map(([name, { takes }]) => [
          name,
          { type: takes ? 'string' : 'boolean' } as const,
        ]),
      ),
    })
    return { args: positionals, flags: values as Given['flags'] }
  } catch (error) {
    return (error as Error).message.split('. ')[0]!
  }
}

/** Runs a command line; answers the exit code. */
export async function runCli(
  argv: readonly string[],
  commands: Record<string, Command>,
  terminal: Terminal,
): Promise<number> {
  const [name = 'help', ...rest] = argv
  const command = commands[name]
  if (!command || rest.includes('--help')) {
    const asked = name === 'help' || name === '--help' || (command !== undefined && rest.includes('--help'))
    ;(asked ? terminal.out : terminal.err)(
      asked ? usage(commands) : `There is no command ${name}.\n\n${usage(commands)}`,
    )
    return asked ? 0 : 2
  }
  const given = readGiven(command, rest)
  if (typeof given === 'string') {
    terminal.err(`${given}.\n\n${usage({ [name]: command })}`)
    return 2
  }
  try {
    await command.run(given)
    return 0
  } catch (error) {
    if (error instanceof Usage) {
      terminal.err(`${error.message}\n\n${usage({ [name]: command })}`)
      return 2
    }
    if (!(error instanceof Problem)) throw error
    const { title, next } = problemText(error.code, error.params, terminal.language)
    terminal.err(`${title}\n${next} [${error.code}]`)
    return 1
  }
}

/** The language of the terminal, as the operating system says it. */
export function terminalLanguage(env: Record<string, string | undefined>): 'en' | 'zh' {
  return /^zh/i.test(env.LC_ALL || env.LC_MESSAGES || env.LANG || '') ? 'zh' : 'en'
}
