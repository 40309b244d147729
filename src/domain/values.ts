/** Plain values that every room shares. Pure: no clock, no randomness, only the types of both. */

/** Where the program gets time from. Nothing else reads a clock. */
export interface Clock {
  now(): Date
}

/** Makes a UUIDv7; time and randomness are injected where it is built. */
export type NewId = () => string

/** An amount in integer minor units of `currency` (ISO 4217): 1999 USD is $19.99, 1999 JPY is ¥1,999. */
export interface Money {
  amount: number
  currency: string
}

/** Currencies whose minor unit is not a hundredth (ISO 4217). */
const exponents = new Map(
  Object.entries({
    BHD: 3,
    BIF: 0,
    CLP: 0,
    DJF: 0,
    GNF: 0,
    IQD: 3,
    ISK: 0,
    JOD: 3,
    JPY: 0,
    KMF: 0,
    KRW: 0,
    KWD: 3,
    LYD: 3,
    OMR: 3,
    PYG: 0,
    RWF: 0,
    TND: 3,
    UGX: 0,
    UYI: 0,
    VND: 0,
    VUV: 0,
    XAF: 0,
    XOF: 0,
    XPF: 0,
  }),
)

/** Digits after the decimal point of a currency: 2 for USD, 0 for JPY, 3 for KWD. */
export function currencyExponent(currency: string): number {
  return exponents.get(currency) ?? 2
}

/**
 * Reads a decimal string ("19.9", "-3", "1e3" is refused) into minor units, exactly.
 * Answers undefined where the text is no amount or has more digits than the currency knows.
 */
export function readAmount(text: string, currency: string): number | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text.trim())
  if (!match) return undefined
  const exponent = currencyExponent(currency)
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  if (fraction.length > exponent) return undefined
  const digits = `${match[2]}${fraction.padEnd(exponent, '0')}`
  const amount = Number(digits)
  if (!Number.isSafeInteger(amount)) return undefined
  return match[1] && amount !== 0 ? -amount : amount
}

/** Writes minor units as a plain decimal string, without grouping: 1999 USD → "19.99". */
export function writeAmount({ amount, currency }: Money): string {
  const exponent = currencyExponent(currency)
  const sign = amount < 0 ? '-' : ''
  const digits = String(Math.abs(amount)).padStart(exponent + 1, '0')
  return exponent === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}

/** Byte order of the text, the same on every machine: `localeCompare` depends on the locale and must not order locks. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
