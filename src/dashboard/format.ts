import { useLanguage } from './i18n.ts'

const locales = { en: 'en-US', zh: 'zh-CN' } as const
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const digitsOf = new Map<string, number>()

/** How many minor digits a currency has: 2 for USD, 0 for JPY, 3 for KWD. */
export function minorDigits(currency: string): number {
  let digits = digitsOf.get(currency)
  if (digits === undefined) {
    try {
      const format = new Intl.NumberFormat('en', { style: 'currency', currency })
      digits = format.resolvedOptions().maximumFractionDigits ?? 2
    } catch {
      digits = 2
    }
    digitsOf.set(currency, digits)
  }
  return digits
}

/** Plain digits for files: 1234 USD -> "12.34". */
export function majorText(amount: number, currency: string | null): string {
  const digits = minorDigits(currency ?? 'USD')
  return (amount / 10 ** digits).toFixed(digits)
}

export type Format = ReturnType<typeof formatIn>
const made = new Map<string, Format>()

function formatIn(language: 'en' | 'zh') {
  const locale = locales[language]
  const number = new Intl.NumberFormat(locale)
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'always', style: 'short' })
  const date = new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: language === 'zh' ? 'numeric' : 'short',
    day: 'numeric',
  })
  const monthDay = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric' })
  const zone = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
  const clock = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  const short = new Intl.DateTimeFormat(locale, {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const hourOnly = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

  const unitOf = (size: number): [number, Intl.RelativeTimeFormatUnit] =>
    size < minute ? [1_000, 'second'] : size < hour ? [minute, 'minute'] : size < day ? [hour, 'hour'] : [day, 'day']

  return {
    number: (value: number) => number.format(value),
    percent: (value: number) => percent.format(value),
    money: (amount: number | null, currency: string | null) => {
      if (amount === null || currency === null) return null
      const value = amount / 10 ** minorDigits(currency)
      try {
        return new Intl.NumberFormat(locale, { style: 'currency', currency }).format(value)
      } catch {
        return `${number.format(value)} ${currency}`
      }
    },
    ago: (at: string, now: number) => {
      const past = now - Date.parse(at)
      const [size, unit] = unitOf(Math.abs(past))
      // A hub and a marketplace disagree by a second now and then: nothing was read "in 1 second".
      const units = past < 0 && past > -5_000 ? 0 : Math.trunc(past / size)
      return relative.format(units === 0 ? -0 : -units, unit)
    },
    /** A length of time in its largest unit: "5 hr", "5小时". */
    span: (ms: number) => {
      const [size, unit] = unitOf(Math.abs(ms))
      return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(
        Math.trunc(Math.abs(ms) / size),
      )
    },
    /** Put together here: Chinese would set the zone between date and time. */
    exact: (at: string | number) => {
      const when = new Date(at)
      const name = zone.formatToParts(when).find((part) => part.type === 'timeZoneName')?.value ?? ''
      return `${date.format(when)} ${clock.format(when)} ${name}`
    },
    stamp: (at: string | number) => `${monthDay.format(new Date(at))} ${clock.format(new Date(at))}`,
    clock: (at: string | number) => clock.format(new Date(at)),
    short: (at: string | number) => short.format(new Date(at)),
    hour: (at: string | number) => hourOnly.format(new Date(at)),
  }
}

export function useFormat(): Format {
  const language = useLanguage()
  let format = made.get(language)
  if (!format) {
    format = formatIn(language)
    made.set(language, format)
  }
  return format
}
