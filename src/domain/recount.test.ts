import { expect, test } from 'vitest'
import { nextSpan, type Recount, recounted } from './recount.ts'

const at = (day: number, hour = 0) => new Date(Date.UTC(2026, 10, day, hour))
const after = 60 * 3_600_000

test('counting begins where the account was opened, once a day of orders is old enough', () => {
  const early = nextSpan(null, at(1), at(3), after)
  expect(early).toMatchObject({ waitUntil: at(4, 12) })
  const begun = nextSpan(null, at(1), at(4, 12), after)
  expect(begun).toMatchObject({ span: { from: at(1).toISOString(), until: at(2).toISOString() }, page: null })
})

test('pages add up; the next span follows without a gap, in pieces after a long time', () => {
  const begun = nextSpan(null, at(1), at(4, 12), after)
  if ('waitUntil' in begun) throw new Error('it is due')
  const half = recounted(begun, { counted: 100, next: 'p2', more: true }, [{ remoteId: 'A' }])
  expect(half).toMatchObject({ span: begun.span, page: 'p2', counted: 100, missing: 1, last: null })
  const again = nextSpan(half, at(1), at(4, 13), after)
  expect(again).toMatchObject({ page: 'p2', counted: 100 })
  const whole = recounted(again as typeof begun, { counted: 20, next: null, more: false }, [])
  expect(whole).toMatchObject({
    checkedUntil: at(2).toISOString(),
    span: null,
    last: { counted: 120, missing: 1, missed: ['A'] },
  })
  expect(nextSpan(whole, at(1), at(4, 14), after)).toMatchObject({ waitUntil: at(5, 12) })
  const late = nextSpan(whole as Recount, at(1), at(28), after)
  expect(late).toMatchObject({ span: { from: at(2).toISOString(), until: at(9).toISOString() }, counted: 0 })
})
