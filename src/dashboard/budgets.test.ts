import { expect, test } from 'vitest'
import { splitBudgets } from './budgets.ts'

const budget = (operation: string, tokens: number, burst: number) => ({ operation, tokens, burst })

test('what is used up most comes first; what is nearly full is apart, in the order it came', () => {
  const { scarce, full } = splitBudgets([
    budget('full', 30, 30),
    budget('half', 5, 10),
    budget('nearly', 18, 20),
    budget('owing', -1, 5),
    budget('used', 17.9, 20),
  ])
  expect(scarce.map((one) => one.operation)).toEqual(['owing', 'half', 'used'])
  expect(full.map((one) => one.operation)).toEqual(['full', 'nearly'])
})
