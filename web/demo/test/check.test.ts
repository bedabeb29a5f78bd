import { expect, it } from 'vitest'
import { nextPath } from '../src/router.js'
import { readIds, readJson, wrongLink } from '../src/send/check.js'

it('user ids are whole numbers with anything usual between them', () => {
  expect(readIds('2, 3,4\n5')).toEqual([2, 3, 4, 5])
  expect(readIds('7、8，9；10;11')).toEqual([7, 8, 9, 10, 11])
  for (const wrong of ['', ' , ', 'alice', '1.5', '-1', '0', '1e3', '9007199254740993']) expect(readIds(wrong), wrong).toBeNull()
})

it('data is JSON of any kind', () => {
  expect(readJson('[]')).toEqual([])
  expect(readJson('null')).toBeNull()
  expect(readJson('hello')).toBeUndefined()
})

it('links are checked as the api does it', () => {
  for (const fine of ['', '/a', 'https://a', 'http://a']) expect(wrongLink(fine), fine).toBeNull()
  for (const wrong of ['//a', 'javascript:alert(1)', 'a']) expect(wrongLink(wrong), wrong).not.toBeNull()
})

it('whoever signs in gets to a page of ours only', () => {
  expect(nextPath('/send')).toBe('/send')
  for (const wrong of [undefined, null, '', '//evil.example', 'https://evil.example', '/login', '/login?next=/login', ['/send']]) {
    expect(nextPath(wrong)).toBe('/notifications')
  }
})
