import { describe, expect, it, vi } from 'vitest'
import { createRequest, RequestError, type Credentials } from '../src/request.js'

type Reach = typeof fetch

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Reach {
  return async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers })
}

const nobody: Credentials = { token: () => null, refused: () => {} }

async function failure(work: Promise<unknown>): Promise<RequestError> {
  const error = await work.then(() => null, (reason: unknown) => reason)
  expect(error).toBeInstanceOf(RequestError)
  return error as RequestError
}

describe('a request', () => {
  it('sends the token and leaves out parameters that have no value', async () => {
    const reach = vi.fn<Reach>(answer(200, { code: 0, msg: 'success', data: 7 }))
    const request = createRequest({ token: () => 'secret', refused: () => {} }, reach)
    expect((await request.get<number>('/x', { params: { a: 1, b: undefined, c: null, d: false } })).data).toBe(7)
    const [url, init] = reach.mock.calls[0] ?? []
    expect(url).toBe('/x?a=1&d=false')
    expect(init?.headers).toMatchObject({ authorization: 'Bearer secret' })
  })

  it('sends rows as they are, and everything else as JSON', async () => {
    const reach = vi.fn<Reach>(async () => new Response('{"code":0,"msg":"success","data":null}'))
    const request = createRequest(nobody, reach)
    const rows = new Blob(['[1]\n'], { type: 'application/x-ndjson' })
    await request.post('/rows', rows, { headers: { 'idempotency-key': 'k' } })
    await request.post('/nothing')
    expect(reach.mock.calls[0]?.[1]).toMatchObject({ body: rows, headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': 'k' } })
    expect(reach.mock.calls[1]?.[1]).toMatchObject({ body: '{}', headers: { 'content-type': 'application/json' } })
  })

  it('tells the status, the reason, the wrong fields and when to come back', async () => {
    const fields = await failure(createRequest(nobody, answer(422, { code: 42200, msg: 'some fields are not valid', data: { title: 'is required' } })).post('/x'))
    expect(fields).toMatchObject({ status: 422, message: 'some fields are not valid', fields: { title: 'is required' }, retryAfter: null })
    const slow = await failure(createRequest(nobody, answer(429, { code: 42900, msg: 'too many', data: null }, { 'retry-after': '12' })).post('/x'))
    expect(slow).toMatchObject({ status: 429, retryAfter: 12, fields: {}, reason: null })
  })

  it('tells the name of a refusal, and what it is about', async () => {
    const refused = async (header: string) => (await failure(createRequest(nobody, answer(409, { code: 40900, msg: 'no', data: null }, { 'x-refusal': header })).post('/x'))).reason
    expect(await refused('username_taken; about=%E5%BC%A0+a')).toEqual({ name: 'username_taken', about: '张+a' })
    expect(await refused('oneself')).toEqual({ name: 'oneself', about: '' })
    expect(await refused('username_taken; about=%E5%')).toEqual({ name: 'username_taken', about: '%E5%' })
  })

  it('bears answers of others: a page of a proxy, with or without a success', async () => {
    expect(await failure(createRequest(nobody, answer(502, '<h1>Bad gateway</h1>')).get('/x'))).toMatchObject({ status: 502, message: '' })
    expect(await failure(createRequest(nobody, answer(200, '<!doctype html>')).get('/x'))).toMatchObject({ status: 502 })
  })

  it('has the status 0 when there is no answer', async () => {
    const away = async () => Promise.reject(new TypeError('Failed to fetch'))
    expect(await failure(createRequest(nobody, away).get('/x'))).toMatchObject({ status: 0 })
  })

  it('says so when the api no longer takes the token, and not when a password was wrong', async () => {
    const refused = vi.fn()
    const dead = answer(401, { code: 40100, msg: 'no', data: null })
    await failure(createRequest({ token: () => 'old', refused }, dead).get('/x'))
    expect(refused).toHaveBeenCalledExactlyOnceWith('old')
    await failure(createRequest({ token: () => null, refused }, dead).post('/Auth/login', {}))
    expect(refused).toHaveBeenCalledTimes(1)
  })

  it('passes on that it was given up', async () => {
    const controller = new AbortController()
    const hangs: Reach = (_, init) => new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
    const call = createRequest(nobody, hangs).get('/x', { signal: controller.signal })
    controller.abort()
    await expect(call).rejects.not.toBeInstanceOf(RequestError)
  })
})
