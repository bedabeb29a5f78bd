import { locale, type Locale } from '../preferences.js'
import { en } from './en.js'
import { fill } from './fill.js'
import { zhCN } from './zh-CN.js'

type Values = Readonly<Record<string, string | number>>

/** Makes the function that gives a text in the chosen language. A template that calls it is shown anew when the language changes. */
export function createTexts<Key extends string>(texts: Readonly<Record<Locale, Readonly<Record<Key, string>>>>): (key: Key, values?: Values) => string {
  return (key, values = {}) => fill(texts[locale.value][key], values)
}

/** The texts of what stands in this package. */
export const t = createTexts({ en, 'zh-CN': zhCN })
