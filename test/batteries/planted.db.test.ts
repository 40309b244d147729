/** Bugs made in other hubs, planted into this one: the simulation finds each, so its checks can fail. */
import { execFile } from 'node:child_process'
import { expect, test } from 'vitest'
import { findingSeeds, searchedOnly } from '../simulation/finding-seeds.ts'
import { checkPlanted, plant } from '../simulation/load.ts'
import { planted } from '../simulation/planted.ts'
import { useDatabase } from '../support/database.ts'
import { isLong, plantedSeeds, printCount } from '../support/iterations.ts'

const own = useDatabase()

/** In a process of its own: bugs are planted by Node's loader. */
async function simulate(args: readonly string[]): Promise<{ code: number; output: string }> {
  return await new Promise((resolve) => {
    const command = ['test/simulation/main.ts', '--database', own.url, ...args]
    const child = execFile(process.execPath, command, { maxBuffer: 50_000_000 }, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? 1, output: `${stdout}${stderr}` })
    })
  })
}

test('every planted bug is found, and its seeds are clean without it', async () => {
  const search = isLong ? ['--seeds', `${plantedSeeds}`] : ['--stored']
  const { code, output } = await simulate(['--planted', 'all', ...search])
  if (isLong) process.stdout.write(output)
  const number = isLong ? planted.length : planted.length - searchedOnly.length
  printCount('planted bugs', number)
  expect(code, output).toBe(0)
  expect(output.match(/finds it/g)).toHaveLength(number)
}, 7_200_000)

test('a planted bug whose text is gone, or stands there twice, says so', () => {
  const bug = { name: 'b', what: '', patches: [{ file: 'src/a.ts', find: 'one', put: 'two' }] }
  expect(plant(bug, 'src/a.ts', 'let one')).toBe('let two')
  expect(plant(bug, 'src/b.ts', 'let one')).toBe('let one')
  expect(() => plant(bug, 'src/a.ts', 'one one')).toThrow('stands 2 times')
  expect(() => plant(bug, 'src/a.ts', '')).toThrow('stands 0 times')
})

test.each(planted)('$name fits the sources and has seeds', (bug) => {
  checkPlanted(bug)
  expect(bug.name in findingSeeds).toBe(!searchedOnly.includes(bug.name))
})
