// Notifications to random people, all the time; each is repeated with its key until it is acknowledged.

import { setTimeout as sleep } from 'node:timers/promises'
import { Refused } from './caller.mjs'
import { check, until } from './until.mjs'

/** Notifications a second, all senders together. */
const RATE = 20
const SENDERS = 4
/** A part is restarted in less; then the sender gives up, which is a failure. */
const PATIENCE_MS = 60_000

export class Load {
  /** What was acknowledged: to whom, under which id, and whether every gateway had it. */
  acknowledged = []
  /** Answers 503 and connections that ended, which a caller repeats. */
  repeated = 0
  /** The longest that anybody had to repeat, in milliseconds. */
  longest = 0

  constructor(caller, admin, people) {
    this.caller = caller
    this.admin = admin
    this.people = people
    this.running = true
    this.senders = Array.from({ length: SENDERS }, (_, index) => this.#sendFor(index))
    // Whoever waits for the end hears of it.
    for (const sender of this.senders) sender.catch(() => {})
  }

  async #sendFor(sender) {
    for (let number = 0; this.running; number += 1) {
      const person = this.people[Math.floor(Math.random() * this.people.length)]
      const title = `${sender}-${number}`
      const { ids, failed } = await this.#untilAcknowledged(person, title)
      this.acknowledged.push({ person, id: ids[0], title, whole: failed.length === 0 })
      await sleep((1_000 * SENDERS) / RATE)
    }
  }

  async #untilAcknowledged(person, title) {
    const body = { user_ids: [person.id], title, content: '', level: 'urgent' }
    const begun = performance.now()
    for (;;) {
      try {
        const answer = await this.caller.call('/Notification/send', { token: this.admin.token, body, key: `verify-${title}` })
        this.longest = Math.max(this.longest, performance.now() - begun)
        return answer
      } catch (error) {
        if (error instanceof Refused && error.status !== 503) throw error
        if (performance.now() - begun > PATIENCE_MS) throw error
        this.repeated += 1
        await sleep(200)
      }
    }
  }

  async stop() {
    this.running = false
    await Promise.all(this.senders)
  }

  /**
   * Looks for everything that was acknowledged: once in the database, and on every page of its reader. What a receipt said was
   * not pushed whole may be missing on pages that were connected all the time; they find it with their next catch-up.
   */
  async isKept(pages) {
    for (const person of this.people) {
      const expected = this.acknowledged.filter((sent) => sent.person === person)
      const stored = new Map()
      for (let after = 0; after !== null; ) {
        const { list, next_cursor } = await this.caller.call(`/Notification/list?limit=100&after_id=${after}`, { token: person.token })
        for (const { id, title } of list) stored.set(id, title)
        after = next_cursor
      }
      for (const { id, title } of expected) check(stored.get(id) === title, `${title} was acknowledged as ${id} of ${person.name} and is not there`)
      check(stored.size === expected.length, `${person.name} has ${stored.size} notifications instead of ${expected.length}`)
    }
    const missing = () =>
      pages.all.flatMap(({ person, seen }) => this.acknowledged.filter((sent) => sent.whole && sent.person === person && !seen.has(sent.id)))
    await until(() => `pages have everything; ${missing().length} are missing, such as ${missing()[0]?.title}`, () => missing().length === 0)
  }
}
