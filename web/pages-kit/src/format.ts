import type { Locale } from './preferences.js'

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
]

/** How long before or after `now` something is: "3 minutes ago"; `null` within a minute. Both in epoch milliseconds. */
export function relativeTime(at: number, now: number, locale: Locale): string | null {
  const seconds = (at - now) / 1_000
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) < length) continue
    return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.trunc(seconds / length), unit)
  }
  return null
}

/** The exact time on the reader's own clock, with its zone. */
export function exactTime(at: number, locale: Locale): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'long' }).format(at)
}

/** A number with its thousands apart. */
export function count(value: number, locale: Locale): string {
  return new Intl.NumberFormat(locale).format(value)
}

const UNITS = [null, 'kilobyte', 'megabyte', 'gigabyte'] as const

/** A length in bytes, in the unit that fits. */
export function fileSize(bytes: number, locale: Locale): string {
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1)
  const unit = UNITS[step]
  // The one unit whose short form would be a word.
  if (!unit) return `${count(Math.round(bytes), locale)}\u00a0B`
  const style = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: 1 } as const
  return new Intl.NumberFormat(locale, style).format(bytes / 1_000 ** step)
}
