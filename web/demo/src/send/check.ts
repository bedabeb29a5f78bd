import { t } from '../texts/texts.js'

/** Whole numbers from 1 with commas, spaces or line breaks between them; `null` when there are none or something else. */
export function readIds(text: string): number[] | null {
  const parts = text.split(/[\s,，、;；]+/).filter((part) => part)
  const ids = parts.map((part) => (/^[1-9]\d*$/.test(part) ? Number(part) : Number.NaN))
  return ids.length && ids.every(Number.isSafeInteger) ? ids : null
}

/** A value of JSON; `undefined` when it is none. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** What is wrong with a text that is needed. */
export function missing(text: string): string | null {
  return text.trim() ? null : t('send.required')
}

/** What is wrong with the link of a notification; the api decides. */
export function wrongLink(link: string): string | null {
  return !link || /^(https?:\/\/|\/(?!\/))/.test(link) ? null : t('send.badLink')
}
