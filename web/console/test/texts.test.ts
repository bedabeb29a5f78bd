import { locale } from '@gatepipe/pages-kit/preferences'
import { describe, expect, it } from 'vitest'
import { en } from '../src/texts/en.js'
import { t } from '../src/texts/texts.js'
import { zhCN } from '../src/texts/zh-CN.js'

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()

describe('the texts', () => {
  it('are the same in both languages: keys, and the places that are filled in', () => {
    expect(Object.keys(zhCN).sort()).toEqual(Object.keys(en).sort())
    for (const [key, text] of Object.entries(en)) expect(names(zhCN[key as keyof typeof en]), key).toEqual(names(text))
  })

  it('are none of them empty, and the Chinese ones Chinese', () => {
    for (const [key, text] of Object.entries(zhCN)) expect(text, key).toMatch(/\p{Script=Han}/u)
    for (const [key, text] of Object.entries(en)) expect(text, key).toBeTruthy()
  })

  it('follow the chosen language', () => {
    locale.value = 'en'
    expect(t('pages.page', { page: 3 })).toBe('Page 3')
    locale.value = 'zh-CN'
    expect(t('pages.page', { page: 3 })).toBe('第 3 页')
  })
})
