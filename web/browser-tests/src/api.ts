/** An answer of the api that is no success. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(`${status} ${message}`)
  }
}

/** Somebody who has a token and calls the api. */
export class Caller {
  constructor(
    private readonly http: string,
    readonly token: string | null,
  ) {}

  get<T>(path: string): Promise<T> {
    return this.call(path)
  }

  post<T>(path: string, body: object): Promise<T> {
    return this.call(path, { method: 'POST', body: JSON.stringify(body) })
  }

  private async call<T>(path: string, init: RequestInit = {}): Promise<T> {
    const headers = { 'content-type': 'application/json', ...(this.token && { authorization: `Bearer ${this.token}` }) }
    const answer = await fetch(`${this.http}/api/admin${path}`, { ...init, headers, signal: AbortSignal.timeout(30_000) })
    const { msg, data } = (await answer.json()) as { msg: string; data: T }
    if (!answer.ok) throw new Refused(answer.status, msg)
    return data
  }
}

/** What a push, a notification or a forced offline did. */
export interface Receipt {
  reached: number
  closed: number
  ids: number[]
  failed: { gateway: string; reason: string }[]
}

/** A client as `/Client/list` gives it. */
export interface ConnectedClient {
  client_id: string
  gateway_id: string
  uid: string | number | null
}
