import { createTexts } from '@gatepipe/pages-kit/texts/texts'
import { en } from './en.js'
import { zhCN } from './zh-CN.js'

export type { TextKey } from './en.js'

/** A text in the chosen language. */
export const t = createTexts({ en, 'zh-CN': zhCN })
