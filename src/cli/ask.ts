/** Questions on a terminal; with a pipe instead of a person its lines are the answers. */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { Problem } from '../domain/errors.ts'
import type { Terminal } from './run.ts'

export function createAsking(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
): Pick<Terminal, 'ask' | 'isInteractive' | 'input'> {
  const isInteractive = input.isTTY === true
  let piped: Promise<string[]> | undefined
  return {
    isInteractive,
    input: () => textOf(input),
    async ask(question, { secret = false } = {}) {
      if (isInteractive) return await askPerson(input, output, question, secret)
      piped ??= textOf(input).then((all) => all.split(/\r?\n/))
      const line = (await piped).shift()
      if (line === undefined || line === '') throw new Problem('input_missing', { what: question, how: 'stdin' })
      return line
    },
  }
}

function askPerson(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  question: string,
  secret: boolean,
): Promise<string> {
  // What is typed is echoed through this; a secret goes nowhere.
  const echo = new Writable({
    write(chunk, _encoding, done) {
      if (!secret) output.write(chunk)
      done()
    },
  })
  output.write(`${question}: `)
  const line = createInterface({ input, output: echo, terminal: true })
  return new Promise((resolve) => {
    line.once('line', (answer) => {
      line.close()
      if (secret) output.write('\n')
      resolve(answer.trim())
    })
    line.once('SIGINT', () => process.exit(130))
  })
}
