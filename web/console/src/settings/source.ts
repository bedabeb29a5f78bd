import type { SettingsAnswer } from '../api/api.js'
import { t } from '../texts/texts.js'

const SOURCES = ['default', 'file', 'env', 'flag', 'program'] as const

/** Where a setting's value comes from, in words. */
export function sourceText(source: string): string {
  const known = SOURCES.find((one) => one === source)
  return known ? t(`settings.source.${known}`) : source
}

/** The settings whose name, value or help has the text in it; `onlyGiven`: without those that somebody left as they are. */
export function matching(list: SettingsAnswer['list'], typed: string, onlyGiven: boolean): SettingsAnswer['list'] {
  const text = typed.trim().toLowerCase()
  return list.filter(({ name, values, help, source }) => (!onlyGiven || source !== 'default') && [name, help, ...values].some((part) => part.toLowerCase().includes(text)))
}
