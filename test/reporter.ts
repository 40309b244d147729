/** Prints failures as they come, one line a file, and the line that others read last: `N passed, N failed, N skipped`. */
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node'

const write = (line: string) => process.stdout.write(`${line}\n`)

export default class LineReporter implements Reporter {
  #passed = 0
  #failed = 0
  #skipped = 0

  onUserConsoleLog(log: { content: string }): void {
    process.stdout.write(log.content)
  }

  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result()
    if (state === 'passed') this.#passed += 1
    else if (state === 'skipped') this.#skipped += 1
    else if (state === 'failed') {
      this.#failed += 1
      write(`FAILED ${test.module.relativeModuleId} > ${test.fullName}`)
      for (const error of errors ?? []) write(`  ${error.stack ?? error.message}${error.diff ? `\n${error.diff}` : ''}`)
    }
  }

  onTestModuleEnd(module: TestModule): void {
    const { duration } = module.diagnostic()
    const tests = [...module.children.allTests()]
    const mark = module.ok() ? 'ok' : 'NOT OK'
    write(`${mark} ${module.relativeModuleId} (${tests.length} tests, ${Math.round(duration)} ms)`)
    for (const error of module.errors()) {
      // A file that does not load has no test to fail, and must not pass silently.
      this.#failed += 1
      write(`  ${error.stack ?? error.message}`)
    }
  }

  onTestRunEnd(_modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    for (const error of unhandled) {
      this.#failed += 1
      write(`UNHANDLED ${error.stack ?? error.message}`)
    }
    write(`${this.#passed} passed, ${this.#failed} failed, ${this.#skipped} skipped`)
  }
}
