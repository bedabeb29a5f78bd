/** What every answer of the api looks like. */
export interface Envelope<T> {
  code: number
  msg: string
  data: T
}

/** What `createRequest` needs to know about who is logged in. */
export interface Credentials {
  /** For `Authorization: Bearer …`; `null` when nobody is. */
  token: () => string | null
  /** The api no longer takes this token. */
  refused: (token: string) => void
}

export interface Options {
  params?: Record<string, string | number | boolean | null | undefined> | undefined
  signal?: AbortSignal | undefined
  headers?: Record<string, string>
}

/** The page's own caller, in the shape of the ones that admin front ends have: it rejects with a [[RequestError]] unless the answer is a success. */
export interface Request {
  get<T>(url: string, options?: Options): Promise<Envelope<T>>
  post<T>(url: string, body?: unknown, options?: Options): Promise<Envelope<T>>
}

/** What the api's header `X-Refusal` says: `username_taken; about=bob`. */
export interface Reason {
  name: string
  /** A permission or a name; empty when it is about nothing in particular. */
  about: string
}

/** Why a request failed. */
export class RequestError extends Error {
  override readonly name = 'RequestError'

  constructor(
    /** The HTTP status; 0: there was no answer. */
    readonly status: number,
    message: string,
    /** With 422: each wrong field's name and rule. */
    readonly fields: Readonly<Record<string, string>> = {},
    /** With 429 and 503, when the server says so: seconds until it may work. */
    readonly retryAfter: number | null = null,
    /** The refusal's stable name, where it has one. */
    readonly reason: Reason | null = null,
  ) {
    super(message)
  }
}

/** Longest time without an answer, in milliseconds. A body that streams sets its own by a signal. */
const PATIENCE_MS = 30_000

/** Makes the caller. `fetch` is what reaches the server; tests give another. */
export function createRequest(credentials: Credentials, reach: typeof fetch = (...call) => fetch(...call)): Request {
  async function call<T>(method: string, url: string, body: BodyInit | null, { params, signal, headers }: Options): Promise<Envelope<T>> {
    const token = credentials.token()
    const limit = body instanceof Blob ? null : AbortSignal.timeout(PATIENCE_MS)
    const signals = [signal, limit].filter((one) => !!one)
    let answer: Response
    let envelope: Envelope<T> | null
    try {
      answer = await reach(withParams(url, params), {
        method,
        body,
        headers: { accept: 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
        // Nothing here uses cookies.
        credentials: 'omit',
        ...(signals.length ? { signal: either(signals) } : {}),
      })
      envelope = readEnvelope<T>(await answer.text())
    } catch (cause) {
      if (signal?.aborted) throw cause
      throw new RequestError(0, '')
    }
    if (answer.ok && envelope) return envelope
    // A wrong password is a 401 too, but there no token was sent.
    if (answer.status === 401 && token) credentials.refused(token)
    const after = Number(answer.headers.get('retry-after') ?? Number.NaN)
    // A success without an envelope comes from something else than the api, such as a proxy's own page.
    throw new RequestError(answer.ok ? 502 : answer.status, envelope?.msg ?? '', fieldsOf(envelope), Number.isFinite(after) ? after : null, reasonOf(answer.headers))
  }
  return {
    get: (url, options = {}) => call('GET', url, null, options),
    post(url, body, options = {}) {
      if (body instanceof Blob) return call('POST', url, body, { ...options, headers: { 'content-type': body.type, ...options.headers } })
      const json = JSON.stringify(body ?? {})
      return call('POST', url, json, { ...options, headers: { 'content-type': 'application/json', ...options.headers } })
    },
  }
}

function withParams(url: string, params: Options['params'] = {}): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined) query.set(name, String(value))
  }
  return query.size ? `${url}?${query}` : url
}

/** The stable name of a refusal; `null` when it has none. */
export function reasonOf(headers: Headers): Reason | null {
  const [name, about = ''] = headers.get('x-refusal')?.split('; about=') ?? []
  if (!name) return null
  try {
    return { name, about: decodeURIComponent(about) }
  } catch {
    // Something on the way has spoilt it.
    return { name, about }
  }
}

/** `null` when it is none: behind a proxy, say, that answers with a page of its own. */
function readEnvelope<T>(text: string): Envelope<T> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'code' in value && 'msg' in value ? (value as Envelope<T>) : null
  } catch {
    return null
  }
}

function fieldsOf(envelope: Envelope<unknown> | null): Record<string, string> {
  const data = envelope?.data
  if (typeof data !== 'object' || data === null) return {}
  return Object.fromEntries(Object.entries(data).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** Aborts with the first; `AbortSignal.any` is younger than many browsers in offices. */
function either(signals: AbortSignal[]): AbortSignal {
  const [only, ...others] = signals
  if (only && !others.length) return only
  const controller = new AbortController()
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason)
    signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true })
  }
  return controller.signal
}
