import fc from 'fast-check'
import { expect, test } from 'vitest'
import { neutralize, neutralizeGiven, restore } from './csv-text.ts'

const starts = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']

test.each(starts)('a text that begins with %j is made a text, and comes back', (start) => {
  const text = `${start}cmd|' /C calc'!A0`
  expect(neutralize(text)).toBe(`'${text}`)
  expect(restore(neutralize(text))).toBe(text)
})

test('other texts stay as they are', () => {
  for (const text of ['', 'Mug', "'quoted'", "'", '5', 'a=b', ' =1']) {
    expect(neutralize(text)).toBe(text)
    expect(restore(text)).toBe(text)
  }
})

test('what is guarded already is guarded once more, so that nothing is lost', () => {
  expect(neutralize("'=1")).toBe("''=1")
  expect(restore("''=1")).toBe("'=1")
})

test('any text comes back from a file as it was, and nothing in the file would run', () => {
  const tricky = fc
    .array(fc.constantFrom(...starts, "'", 'a', '"', ',', ' '), { maxLength: 6 })
    .map((one) => one.join(''))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), tricky), (text) => {
      const cell = neutralize(text)
      expect(restore(cell)).toBe(text)
      expect(starts.some((start) => cell.startsWith(start))).toBe(false)
    }),
    { numRuns: 2_000 },
  )
})

test('of a stranger’s file numbers keep their sign, and what is guarded is not guarded again', () => {
  for (const number of ['-5', '+5', '-1,200.50', '-.5']) expect(neutralizeGiven(number)).toBe(number)
  expect(neutralizeGiven("'=1")).toBe("'=1")
  expect(neutralizeGiven('=1+1')).toBe("'=1+1")
  expect(neutralizeGiven('-5+cmd')).toBe("'-5+cmd")
})
