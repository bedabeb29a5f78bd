// Calls to the api through nginx, as a visitor of one address makes them; and what nginx and the api answered, counted.

import { Agent, request } from 'node:https'

/** No request of ours may take longer: the api's own limit is 30 s. */
const TIMEOUT_MS = 40_000

export class Refused extends Error {
  constructor(status, text) {
    super(`${status}: ${text}`)
    this.status = status
  }
}

/** Whom visitors talk to: the name in the certificate, at nginx's address. */
export class Front {
  /** How often each status came. */
  statuses = new Map()
  /** 5xx but 503, and answers that are not the api's envelope. */
  mistakes = []

  constructor({ address, port, certificate }) {
    this.port = port
    const lookup = (_host, options, found) => (options.all ? found(null, [{ address, family: 4 }]) : found(null, address, 4))
    /** What reaches the front by its name, and believes only its certificate. */
    this.connect = { lookup, ca: certificate }
  }

  get https() {
    return `https://localhost:${this.port}`
  }

  get wss() {
    return `wss://localhost:${this.port}/ws`
  }

  from(localAddress) {
    return new Caller(this, new Agent({ ...this.connect, localAddress, keepAlive: true, maxSockets: 6 }))
  }

  count(status, what) {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    if (status >= 500 && status !== 503) this.mistakes.push(`${status} for ${what}`)
  }
}

export class Caller {
  constructor(front, agent) {
    this.front = front
    this.agent = agent
  }

  /** The `data` of a success; everything else is a `Refused`, or an error when there was no answer. */
  async call(path, { token, body, key, signal } = {}) {
    const { status, text } = await this.#send(`/api/admin${path}`, { token, body, key, signal })
    this.front.count(status, path)
    const envelope = parse(text)
    if (Object.keys(envelope).sort().join() !== 'code,data,msg') this.front.mistakes.push(`${status} for ${path} is no envelope: ${text.slice(0, 200)}`)
    if (status !== 200) throw new Refused(status, envelope.msg)
    return envelope.data
  }

  #send(path, { token, body, key, signal }) {
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
      ...(key && { 'idempotency-key': key }),
    }
    return new Promise((resolve, reject) => {
      const options = { agent: this.agent, method: body ? 'POST' : 'GET', headers, signal, timeout: TIMEOUT_MS }
      const sent = request(`${this.front.https}${path}`, options, (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part) => (text += part))
        answer.on('end', () => resolve({ status: answer.statusCode, text }))
        answer.on('error', reject)
      })
      sent.on('timeout', () => sent.destroy(new Error(`no answer to ${path} within ${TIMEOUT_MS / 1000} s`)))
      sent.on('error', reject)
      sent.end(body && JSON.stringify(body))
    })
  }
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
