import { describe, expect, it } from 'vitest'
import { errorText } from '../src/errors.js'
import { locale } from '../src/preferences.js'
import { RequestError } from '../src/request.js'
import { en } from '../src/texts/en.js'
import { fill } from '../src/texts/fill.js'
import { zhCN } from '../src/texts/zh-CN.js'

const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()

describe('the texts', () => {
  it('are the same in both languages: keys, and the places that are filled in', () => {
    expect(Object.keys(zhCN).sort()).toEqual(Object.keys(en).sort())
    for (const [key, text] of Object.entries(en)) expect(names(zhCN[key as keyof typeof en]), key).toEqual(names(text))
  })

  it('are none of them empty, and the Chinese ones Chinese', () => {
    const same = ['language.switch']
    for (const [key, text] of Object.entries(zhCN)) {
      expect(text, key).toBeTruthy()
      if (!same.includes(key) && !/^[\d\s,{}]+$/.test(text)) expect(text, key).toMatch(/\p{Script=Han}/u)
    }
  })

  it('are filled in, and values that look like places stay as they are', () => {
    expect(fill('{a} and {b}', { a: '{b}', b: 2 })).toBe('{b} and 2')
    expect(fill('{c}', {})).toBe('{c}')
  })
})

describe('an error', () => {
  it('is told in words, with what the server adds', () => {
    locale.value = 'en'
    expect(errorText(new RequestError(0, ''))).toBe('The server cannot be reached. Is it running, and are you online?')
    expect(errorText(new RequestError(429, 'too many', {}, 5))).toBe('Too many requests. Try again in 5 s.')
    expect(errorText(new RequestError(422, 'some fields', { link: 'is not allowed' }))).toBe('Some fields are not valid. The server says: link is not allowed')
    expect(errorText(new RequestError(409, 'too many unfinished exports'))).toBe(
      'This does not fit what is there now. The server says: too many unfinished exports',
    )
    expect(errorText(new RequestError(500, ''))).toBe('The server answered with an error (500).')
  })
})
