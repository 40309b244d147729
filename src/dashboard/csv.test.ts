import { expect, test } from 'vitest'
import { csvCell, csvText } from './csv.ts'

test('a cell that begins like a formula becomes text', () => {
  for (const start of ['=', '+', '-', '@', '\t']) expect(csvCell(`${start}1`)).toBe(`'${start}1`)
  expect(csvCell('\r1')).toBe(`"'\r1"`)
})

test('numbers stay numbers, quotes and commas are kept', () => {
  expect(csvText([['a,b', 'say "x"', -3, null]])).toBe('"a,b","say ""x""",-3,\r\n')
})
