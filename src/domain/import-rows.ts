/** A line of a file as a row of its kind, or why it is none. Pure. */
import { restore } from './csv-text.ts'
import type { ImportKind, Mapping } from './import-fields.ts'
import { isDamagedNumber, readFulfilledBy, readInteger, readState, readTime } from './import-values.ts'
import type { FulfilledBy, OrderState } from './orders.ts'
import { readAmount } from './values.ts'

/** Why a row was not taken. The words, in both languages, stand in contract/row-faults.ts. */
export const rowFaultCodes = [
  'missing',
  'too_long',
  'not_a_number',
  'below_zero',
  'not_a_time',
  'not_an_amount',
  'damaged_number',
  'bad_gtin',
  'unknown_word',
  'columns',
  'given_twice',
  'unknown_sku',
  'unknown_location',
  'unknown_account',
  'listing_taken',
  'kit_counted',
  'below_unsellable',
  'older_count',
  'count_ahead',
  'order_not_together',
  'order_rows_differ',
  'order_has_bad_row',
  'refused',
] as const
export type RowFaultCode = (typeof rowFaultCodes)[number]

export interface RowFault {
  code: RowFaultCode
  params: Record<string, string | number>
}

export interface VariantRow {
  product: string | null
  sku: string
  title: string | null
  gtin: string | null
}
export interface CountRow {
  sku: string
  location: string
  quantity: number
  unsellable: number | null
  countedAt: Date
}
export interface MappingRow {
  account: string
  marketplace: string
  remoteSku: string
  sku: string
  unitsPerSale: number
  title: string | null
  fulfilledBy: FulfilledBy
}
export interface OrderRow {
  account: string
  order: string
  state: OrderState
  placedAt: Date
  updatedAt: Date
  shippedAt: Date | null
  marketplace: string | null
  currency: string | null
  shipBy: Date | null
  deliverBy: Date | null
  line: string | null
  sku: string
  title: string
  quantity: number
  shipped: number
  canceled: number
  unitPrice: number | null
  fulfilledBy: FulfilledBy | null
}
export interface RowOf {
  variants: VariantRow
  stock: CountRow
  mappings: MappingRow
  orders: OrderRow
}

/** What holds for the whole file. */
export interface FileOptions {
  account?: string | undefined
  location?: string | undefined
  /** When the shelves were counted; a column of the file goes first. */
  countedAt: Date
  /** Of times without an offset. */
  timeZone: string
}

const largest = 1_000_000_000

/** Reads cells by field and collects what is wrong with them. */
function reader(cells: readonly string[], mapping: Mapping, options: FileOptions) {
  const faults: RowFault[] = []
  const fault = (code: RowFaultCode, params: RowFault['params']) => void faults.push({ code, params })
  const cell = (field: string): string => {
    const index = mapping[field]
    return index === undefined ? '' : restore(cells[index] ?? '').trim()
  }
  const text = (field: string, max: number, fallback?: string): string => {
    const value = cell(field) || fallback || ''
    if (value === '') fault('missing', { field })
    else if (value.length > max) fault('too_long', { field, max })
    return value
  }
  return {
    faults,
    fault,
    cell,
    text,
    optional(field: string, max: number): string | null {
      const value = cell(field)
      if (value.length > max) fault('too_long', { field, max })
      return value || null
    },
    units(field: string, fallback?: number): number {
      const value = cell(field)
      if (value === '' && fallback !== undefined) return fallback
      if (value === '') fault('missing', { field })
      else {
        const number = readInteger(value)
        if (number === undefined || number > largest) fault('not_a_number', { field, value: value.slice(0, 60) })
        else if (number < 0) fault('below_zero', { field, value: number })
        else return number
      }
      return 0
    },
    time(field: string): Date | null {
      const value = cell(field)
      if (value === '') return null
      const at = readTime(value, options.timeZone)
      if (!at) fault('not_a_time', { field, value: value.slice(0, 60) })
      return at ?? null
    },
    word<T>(field: string, read: (text: string) => T | undefined): T | null {
      const value = cell(field)
      if (value === '') return null
      const known = read(value)
      if (known === undefined) fault('unknown_word', { field, value: value.slice(0, 60) })
      return known ?? null
    },
  }
}
type Reader = ReturnType<typeof reader>

const readers: { [K in ImportKind]: (read: Reader, options: FileOptions) => RowOf[K] } = {
  variants(read) {
    const row = {
      product: read.optional('product', 300),
      sku: read.text('sku', 200),
      title: read.optional('title', 300),
      gtin: read.optional('gtin', 60)?.normalize('NFKC') ?? null,
    }
    if (row.gtin !== null && isDamagedNumber(row.gtin)) read.fault('damaged_number', { field: 'gtin', value: row.gtin })
    else if (row.gtin !== null && !/^\d{8,14}$/.test(row.gtin)) read.fault('bad_gtin', { value: row.gtin })
    return row
  },
  stock(read, options) {
    return {
      sku: read.text('sku', 200),
      location: read.text('location', 40, options.location),
      quantity: read.units('quantity'),
      unsellable: read.cell('unsellable') === '' ? null : read.units('unsellable'),
      countedAt: read.time('countedAt') ?? options.countedAt,
    }
  },
  mappings(read, options) {
    const row = {
      account: read.text('account', 200, options.account),
      marketplace: read.optional('marketplace', 50) ?? '',
      remoteSku: read.text('remoteSku', 200),
      sku: read.text('sku', 200),
      unitsPerSale: read.units('unitsPerSale', 1),
      title: read.optional('title', 500),
      fulfilledBy: read.word('fulfilledBy', readFulfilledBy) ?? 'merchant',
    }
    if (row.unitsPerSale < 1 || row.unitsPerSale > 10_000)
      if (read.faults.length === 0) read.fault('not_a_number', { field: 'unitsPerSale', value: row.unitsPerSale })
    return row
  },
  orders(read, options) {
    const placedAt = read.time('placedAt')
    if (placedAt === null && read.cell('placedAt') === '') read.fault('missing', { field: 'placedAt' })
    const state = read.word('state', readState)
    if (state === null && read.cell('state') === '') read.fault('missing', { field: 'state' })
    const shippedAt = read.time('shippedAt')
    const currency = read.optional('currency', 3)?.toUpperCase() ?? null
    const price = read.cell('unitPrice')
    const unitPrice = price === '' ? null : readAmount(price.normalize('NFKC'), currency ?? 'USD')
    if (unitPrice === undefined) read.fault('not_an_amount', { field: 'unitPrice', value: price.slice(0, 60) })
    const row = {
      account: read.text('account', 200, options.account),
      order: read.text('order', 200),
      state: state ?? 'unknown',
      placedAt: placedAt ?? options.countedAt,
      // A file without versions: the last thing known to have happened stands for one.
      updatedAt: read.time('updatedAt') ?? shippedAt ?? placedAt ?? options.countedAt,
      shippedAt,
      marketplace: read.optional('marketplace', 50),
      currency,
      shipBy: read.time('shipBy'),
      deliverBy: read.time('deliverBy'),
      line: read.optional('line', 200),
      sku: read.text('sku', 200),
      title: read.optional('title', 500) ?? '',
      quantity: read.units('quantity'),
      shipped: read.units('shipped', 0),
      canceled: read.units('canceled', 0),
      unitPrice: unitPrice ?? null,
      fulfilledBy: read.word('fulfilledBy', readFulfilledBy),
    }
    if (row.quantity === 0 && read.faults.length === 0) read.fault('not_a_number', { field: 'quantity', value: 0 })
    return row
  },
}

export type Understood<K extends ImportKind> = { row: RowOf[K] } | { faults: RowFault[] }

/** Understands one line. All that is wrong with it is told at once. */
export function readRow<K extends ImportKind>(
  kind: K,
  cells: readonly string[],
  width: number,
  mapping: Mapping,
  options: FileOptions,
): Understood<K> {
  // A stray delimiter shifts every cell behind it: such a line says nothing that can be trusted.
  if (cells.length > width && cells.slice(width).some((cell) => cell !== ''))
    return { faults: [{ code: 'columns', params: { expected: width, found: cells.length } }] }
  const read = reader(cells, mapping, options)
  const row = readers[kind](read, options) as RowOf[K]
  return read.faults.length > 0 ? { faults: read.faults } : { row }
}

/** What a row is about: two rows of one file must not say two things about it. */
export function keyOf<K extends ImportKind>(kind: K, row: RowOf[K]): string {
  if (kind === 'variants') return (row as VariantRow).sku
  if (kind === 'stock') return JSON.stringify([(row as CountRow).sku, (row as CountRow).location])
  if (kind === 'mappings') {
    const { account, marketplace, remoteSku } = row as MappingRow
    return JSON.stringify([account, marketplace, remoteSku])
  }
  const { account, order, line, sku } = row as OrderRow
  return JSON.stringify([account, order, line ?? `sku ${sku}`])
}
