/** Commands of the terminal. They print sentences for people; problems end with what to do next. */
import { problemText } from '../contract/problems.ts'
import { Problem } from '../domain/errors.ts'

export interface Command {
  summary: string
  /** Flags it knows, with what they do. */
  flags: Record<string, string>
  run(flags: ReadonlySet<string>): Promise<void>
}

export interface Terminal {
  out(line: string): void
  err(line: string): void
  language: 'en' | 'zh'
}

export function usage(commands: Record<string, Command>): string {
  const lines = Object.entries(commands).flatMap(([name, command]) => [
    `  ${name.padEnd(10)} ${command.summary}`,
    ...Object.entries(command.flags).map(([flag, text]) => `    ${flag.padEnd(8)} ${text}`),
  ])
  return ['entrepot <command>', '', ...lines].join('\n')
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
  const unknown = rest.find((flag) => !(flag in command.flags))
  if (unknown) {
    terminal.err(`${name} does not know ${unknown}.\n\n${usage({ [name]: command })}`)
    return 2
  }
  try {
    await command.run(new Set(rest))
    return 0
  } catch (error) {
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
