/** How commands speak: sentences for people in their language, or JSON for programs. */
import type { Given, Terminal } from './run.ts'

export interface Say {
  (en: string, zh: string): void
  json(value: unknown): void
  /** The JSON where it was asked for, else the sentence. */
  done(value: unknown, en: string, zh: string): void
  pick<T>(en: T, zh: T): T
}

export function sentence(terminal: Terminal, flags: Given['flags']): Say {
  const pick = <T>(en: T, zh: T) => (terminal.language === 'zh' ? zh : en)
  const say = (en: string, zh: string) => terminal.out(pick(en, zh))
  const json = (value: unknown) => terminal.out(JSON.stringify(value, null, 2))
  return Object.assign(say, {
    json,
    pick,
    done: (value: unknown, en: string, zh: string) => (flags.json ? json(value) : say(en, zh)),
  })
}

/** Columns that stand below each other; a Chinese character is two columns wide. */
export function table(rows: readonly (readonly string[])[], head: readonly string[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat(widths[column]! - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const widthOf = (text: string) =>
  [...text].reduce((sum, one) => sum + (/\p{Script=Han}|[（）：，。]/u.test(one) ? 2 : 1), 0)
