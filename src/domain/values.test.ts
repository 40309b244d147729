import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { amounts, printCount } from '../../test/support/iterations.ts'
import { compareText, currencyExponent, readAmount, writeAmount } from './values.ts'

describe('money', () => {
  test('has the digits of its currency', () => {
    expect(['JPY', 'USD', 'KWD', 'CNY', 'EUR', 'ISK', 'TND'].map(currencyExponent)).toEqual([0, 2, 3, 2, 2, 0, 3])
    expect(currencyExponent('no currency')).toBe(2)
  })

  test.each([
    ['19.99', 'USD', 1999],
    ['19.9', 'USD', 1990],
    ['19', 'USD', 1900],
    ['0', 'USD', 0],
    ['-3', 'USD', -300],
    ['-0.05', 'USD', -5],
    ['-0', 'USD', 0],
    ['1999', 'JPY', 1999],
    ['1999.000', 'JPY', 1999],
    ['1.2345', 'KWD', undefined],
    ['1.234', 'KWD', 1234],
    ['1.2340', 'KWD', 1234],
    ['19.990', 'USD', 1999],
    ['007', 'USD', 700],
    ['  4.20 ', 'EUR', 420],
    ['90071992547409.91', 'USD', 9007199254740991],
  ])('%s %s is %s', (text, currency, amount) => {
    expect(readAmount(text, currency)).toBe(amount)
  })

  test.each([
    '',
    ' ',
    '.',
    '-',
    '1.',
    '.5',
    '1e3',
    '1E3',
    '0x10',
    '1,000',
    '1 000',
    '1.999',
    '--1',
    '+1',
    '1.2.3',
    'NaN',
    'Infinity',
    '１',
    '12abc',
    '$5',
    '90071992547409.92',
    '9'.repeat(30),
  ])('"%s" is no amount', (text) => {
    expect(readAmount(text, 'USD')).toBeUndefined()
  })

  test('is written without grouping, with all digits of its currency', () => {
    const written = (amount: number, currency: string) => writeAmount({ amount, currency })
    expect([written(1999, 'USD'), written(5, 'USD'), written(-5, 'USD'), written(0, 'USD')]).toEqual([
      '19.99',
      '0.05',
      '-0.05',
      '0.00',
    ])
    expect([written(1999, 'JPY'), written(-1, 'JPY'), written(0, 'JPY')]).toEqual(['1999', '-1', '0'])
    expect([written(1234, 'KWD'), written(1, 'KWD'), written(123456789, 'KWD')]).toEqual([
      '1.234',
      '0.001',
      '123456.789',
    ])
  })

  test('comes back as it was written', () => {
    printCount('random amounts', amounts)
    const currency = fc.constantFrom('JPY', 'USD', 'KWD')
    fc.assert(
      fc.property(fc.maxSafeInteger(), currency, (amount, name) =>
        Object.is(readAmount(writeAmount({ amount, currency: name }), name), amount === 0 ? 0 : amount),
      ),
      { numRuns: amounts },
    )
  })

  test('of any text is a whole number or nothing', () => {
    const text = fc.oneof(fc.string(), fc.float().map(String), fc.stringMatching(/^-?\d{0,20}\.?\d{0,5}$/))
    fc.assert(
      fc.property(text, fc.constantFrom('JPY', 'USD', 'KWD'), (given, currency) => {
        const amount = readAmount(given, currency)
        return amount === undefined || (Number.isSafeInteger(amount) && !Object.is(amount, -0))
      }),
      { numRuns: amounts },
    )
  })
})

test('texts are ordered by their code units, whatever the locale', () => {
  expect(['ä', 'b', 'a', 'Z', 'A', ''].sort(compareText)).toEqual(['', 'A', 'Z', 'a', 'b', 'ä'])
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => compareText(a, b) === -compareText(b, a) || a === b))
})
