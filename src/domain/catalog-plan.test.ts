import { expect, test } from 'vitest'
import { nothingSoFar, type OpenSku, planCatalog } from './catalog-plan.ts'

const open = (remoteSku: string, more: Partial<OpenSku> = {}): OpenSku => ({
  remoteSku,
  title: remoteSku,
  gtin: null,
  productRemoteId: null,
  productTitle: null,
  verdict: 'none',
  suggestions: [],
  isUndone: false,
  ...more,
})
const known = [{ variantId: 'v', sku: 'OURS', unitsPerSale: 6 }]

test('what nobody knows is made, what exists is linked, what is ambiguous waits for a person', () => {
  const steps = planCatalog(
    [
      open('S', { productRemoteId: 'shirt' }),
      open('M', { productRemoteId: 'shirt' }),
      open('CAP'),
      open('A', { verdict: 'sure', suggestions: known }),
      open('B', { verdict: 'open', suggestions: known }),
      open('C', { isUndone: true, verdict: 'automatic', suggestions: known }),
      open('D', { title: null }),
      open('x'.repeat(201)),
    ],
    nothingSoFar(),
  )
  expect(
    steps.map((one) => (one.kind === 'create' ? one.productKey : one.kind === 'open' ? one.why : one.sku)),
  ).toEqual(['shirt', 'shirt', 'sku:CAP', 'OURS', 'ambiguous', 'undone', 'unknown', 'too_long'])
  expect(steps[3]).toMatchObject({ kind: 'exists', unitsPerSale: 6 })
})

test('two SKUs of one GTIN are one variant, also pages apart', () => {
  const soFar = nothingSoFar()
  const gtin = '04006381333931'
  expect(planCatalog([open('MUG', { gtin })], soFar)).toMatchObject([{ kind: 'create', sku: 'MUG' }])
  expect(planCatalog([open('MUG-FBA', { gtin })], soFar)).toMatchObject([{ kind: 'exists', sku: 'MUG' }])
})

test('a SKU that differs in case or space from one just made is nothing to make twice', () => {
  expect(planCatalog([open('Mug 1'), open('MUG1')], nothingSoFar())).toMatchObject([
    { kind: 'create' },
    { kind: 'open', why: 'ambiguous' },
  ])
})
