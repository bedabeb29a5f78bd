import { locale, type Locale } from '../preferences.js'
import { en, type TextKey } from './en.js'
import { fill } from './fill.js'
import { zhCN } from './zh-CN.js'

export type { TextKey } from './en.js'

const TEXTS: Record<Locale, Record<TextKey, string>> = { en, 'zh-CN': zhCN }

/** A text in the chosen language. A template that calls it is shown anew when the language changes. */
export function t(key: TextKey, values: Readonly<Record<string, string | number>> = {}): string {
  return fill(TEXTS[locale.value][key], values)
}
