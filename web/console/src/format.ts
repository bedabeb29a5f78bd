import { count, fileSize } from '@gatepipe/pages-kit/format'
import { locale } from '@gatepipe/pages-kit/preferences'

/** The beginning and the end of a long id. */
export function shortId(id: string): string {
  return id.length > 14 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id
}

/** A number in the chosen language; a dash when it is not known. */
export function number(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : count(value, locale.value)
}

/** A number a second: with a digit behind the point while it is small. */
export function rate(value: number | null | undefined): string {
  return number(value === null || value === undefined ? value : value < 10 ? Math.round(value * 10) / 10 : Math.round(value))
}

/** A short time: with a digit behind the point while it is small. */
export function milliseconds(value: number): string {
  return new Intl.NumberFormat(locale.value, { style: 'unit', unit: 'millisecond', maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)
}

/** Bytes in the unit that fits. */
export function bytes(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : fileSize(value, locale.value)
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

/** A length of time in its two largest units: "3d 4h". */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–'
  let seconds = Math.max(0, Math.floor(ms / 1_000))
  const parts: string[] = []
  for (const [unit, length] of UNITS) {
    const many = Math.floor(seconds / length)
    seconds -= many * length
    if (many || parts.length || unit === 'second') parts.push(new Intl.NumberFormat(locale.value, { style: 'unit', unit, unitDisplay: 'narrow' }).format(many))
    if (parts.length === 2) break
  }
  return parts.join(' ')
}
