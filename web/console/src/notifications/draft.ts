export const LEVELS = ['normal', 'urgent'] as const
export const KINDS = ['info', 'success', 'warning', 'error'] as const
export type Level = (typeof LEVELS)[number]
export type Kind = (typeof KINDS)[number]

/** One of them; what this page does not know is told as the plainest. */
export function levelOf(level: string): Level {
  return LEVELS.find((one) => one === level) ?? 'normal'
}

export function kindOf(kind: string): Kind {
  return KINDS.find((one) => one === kind) ?? 'info'
}

/** Whole numbers from 1 with commas, spaces or line breaks between them; `null` when there are none or something else. */
export function readIds(text: string): number[] | null {
  const parts = text.split(/[\s,，、;；]+/).filter((part) => part)
  const ids = parts.map((part) => (/^[1-9]\d*$/.test(part) ? Number(part) : Number.NaN))
  return ids.length && ids.every(Number.isSafeInteger) ? [...new Set(ids)] : null
}

/** Whether the api takes it as a notification's link: none, http(s), or a path with one slash. */
export function isLink(link: string): boolean {
  return !link || /^(https?:\/\/|\/(?!\/))/.test(link)
}
