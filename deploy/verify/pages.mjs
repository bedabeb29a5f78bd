// Many pages, each the real @gatepipe/client: connected through nginx, bound, and in the know.

import { createRequire } from 'node:module'
import { until } from './until.mjs'

const require = createRequire(new URL('../../web/package.json', import.meta.url))
const { WebSocket } = require('ws')
const { GatepipeClient } = require('@gatepipe/client')

/** Pages of one address: an office. */
const OF_AN_ADDRESS = 100
/**
 * What the client says when its own time for opening, init, the bind or a pong (10 s each) is over: the machine is too slow for so many pages, and
 * nobody was refused or cut off.
 */
const TOO_SLOW = /^0 no (.* within 10 s|answer to a ping)$/
/**
 * What the api answers to a page whose gateway has just begun to listen and is, for some 50 ms, on no list yet: nginx sends pages there at once.
 * The client tries again by itself.
 */
const TOO_EARLY = /^404 404: this client is not connected$/
/** All pages have to be there after so long, however slow the machine is. */
const PATIENCE_MS = 300_000

class Page {
  seen = new Set()
  /** Only known because it was fetched after a gap. */
  recovered = 0
  /** When and with which hint it was sent away; until it is back. */
  away = null
  /** Attempts that led to nothing, on the way there or back. */
  failedAttempts = []
  /** How long each way back took, and what the hint was. */
  returns = []
  /** Ends that no hint announced. */
  unannounced = []

  constructor(front, caller, localAddress, person) {
    this.person = person
    class Socket extends WebSocket {
      constructor(url) {
        super(url, { ...front.connect, localAddress, perMessageDeflate: false })
        // A close follows, which the client hears of.
        this.on('error', () => {})
      }
    }
    this.client = new GatepipeClient({
      url: front.wss,
      bind: (client_id, signal) => caller.call('/WebSocket/bind', { token: person.token, body: { client_id }, signal }),
      catchUp: (after, signal) => caller.call(`/Notification/list?limit=100&after_id=${after ?? 0}`, { token: person.token, signal }),
      environment: { WebSocket: Socket },
      // Nobody presses the button of a page that has given up.
      retry: { limit: 100 },
    })
    let hint = null
    let wasReady = false
    this.client.on('reconnect', ({ data }) => (hint = data.within_ms))
    this.client.on('notification', ({ data, recovered }) => {
      this.seen.add(data.id)
      if (recovered) this.recovered += 1
    })
    this.client.onStatus(({ phase, code, reason }) => {
      if (phase === 'waiting') {
        if (!wasReady) this.failedAttempts.push({ at: performance.now(), reason: `${code} ${reason}` })
        else if (hint === null) this.unannounced.push(`${code} ${reason}`)
        else this.away = { at: performance.now(), hint }
        hint = null
        wasReady = false
      } else if (phase === 'ready') {
        wasReady = true
        if (this.away) this.returns.push({ ms: performance.now() - this.away.at, hint: this.away.hint })
        this.away = null
      }
    })
  }

  get ready() {
    return this.client.status.phase === 'ready'
  }
}

export class Pages {
  constructor(front, network, people, count) {
    this.all = Array.from({ length: count }, (_, index) => {
      const address = `${network}.${1 + Math.floor(index / OF_AN_ADDRESS)}`
      return { address, person: people[index % people.length] }
    }).map(({ address, person }) => new Page(front, this.#caller(front, address), address, person))
  }

  #callers = new Map()
  #caller(front, address) {
    if (!this.#callers.has(address)) this.#callers.set(address, front.from(address))
    return this.#callers.get(address)
  }

  async connect() {
    // A hundred at a time, as visitors come; nobody's computer opens thousands in a moment.
    for (let begin = 0; begin < this.all.length; begin += 100) {
      const some = this.all.slice(begin, begin + 100)
      for (const { client } of some) client.connect()
      await until('pages are ready', () => some.every((page) => page.ready), PATIENCE_MS)
    }
  }

  allReady() {
    const where = () => {
      const phases = this.all.map(({ client }) => client.status.phase)
      return [...new Set(phases)].map((phase) => `${phases.filter((other) => other === phase).length} ${phase}`).join(', ')
    }
    return until(() => `all pages are ready; they are ${where()}`, () => this.all.every((page) => page.ready), PATIENCE_MS)
  }

  /**
   * Since the last time it was asked: who came back, and which attempts led to nothing. A page's first attempt begins within its hint, by the
   * client's own rules; so whoever needed no second one was back in time. `knownAt`: until when a gateway that came back may be on no list.
   */
  takeReturns({ knownAt = 0 } = {}) {
    const returns = this.all.flatMap((page) => page.returns.splice(0))
    const longest = returns.reduce((most, { ms }) => Math.max(most, ms), 0)
    const hint = returns.reduce((most, { hint }) => Math.max(most, hint), 0)
    const ends = this.all.flatMap((page) => page.unannounced.splice(0))
    const attempts = this.all.flatMap((page) => page.failedAttempts.splice(0))
    const isEarly = ({ at, reason }) => at <= knownAt && TOO_EARLY.test(reason)
    const late = attempts.filter((attempt) => !isEarly(attempt)).map(({ reason }) => reason)
    const [cutOff, refused] = [ends, late].map((reasons) => reasons.filter((reason) => !TOO_SLOW.test(reason)))
    const tooSlow = ends.length + late.length - cutOff.length - refused.length
    return { count: returns.length, longest, hint, cutOff, refused, tooEarly: attempts.length - late.length, tooSlow }
  }

  disconnect() {
    for (const { client } of this.all) client.disconnect()
  }
}
