// A service of the compose file as a process: started, asked how it is, and stopped as its file says.

import { execFile, spawn } from 'node:child_process'
import { mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { milliseconds, words } from './compose.mjs'
import { nginx } from './nginx.mjs'
import { postgres } from './postgres.mjs'

/** Services whose image brings the program: what stands for it here. */
const IMAGES = { nginx, postgres }
/** A service may take so long to become healthy; longer than the compose file's, because here others compile. */
const PATIENCE_MS = 60_000

export class Service {
  constructor(described, place) {
    this.described = described
    this.place = place
    this.name = described.name
    this.address = place.address(described.name)
    this.dir = join(place.dir, described.name)
    this.logFile = join(place.dir, `${described.name}.log`)
    mkdirSync(this.dir, { recursive: true })
    const entries = Object.entries(described.environment ?? {})
    this.environment = {
      PATH: process.env.PATH,
      ...Object.fromEntries(entries.map(([name, value]) => [name, place.translate(value, this.name)])),
    }
    this.image = IMAGES[this.name]?.(this)
  }

  async start() {
    if (!this.described.healthcheck) throw new Error(`${this.name} has no health check`)
    await this.image?.prepare?.()
    const [program, ...flags] = this.image?.command ?? words(this.described.command).map((word) => this.place.translate(word, this.name))
    mkdirSync(join(this.dir, 'data'), { recursive: true })
    const log = openSync(this.logFile, 'a')
    const child = spawn(program, flags, {
      cwd: this.dir,
      env: this.environment,
      stdio: ['ignore', log, log],
      ...this.image?.account,
    })
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve({ error }))
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    this.child = child
    let over = false
    void this.ended.then(() => (over = true))
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      if (over) throw new Error(`${this.name} ended: ${JSON.stringify(await this.ended)}; see ${this.logFile}`)
      const trouble = await this.health()
      if (!trouble) return
      if (performance.now() > deadline) throw new Error(`${this.name} does not become healthy: ${trouble}`)
      await sleep(200)
    }
  }

  /** The health check as it stands in the compose file; `null` when all is well. */
  async health() {
    const [kind, ...command] = this.described.healthcheck.test
    if (kind !== 'CMD') throw new Error(`${this.name}: only CMD is understood`)
    const failed = await this.exec(command).then(
      () => null,
      (error) => error,
    )
    return failed && (failed.stderr || failed.message)
  }

  /** Runs a command as `docker-compose exec` does; gives what it said. */
  exec(command, input = '') {
    const [program, ...flags] = command.map((word) => this.place.translate(word, this.name))
    return new Promise((resolve, reject) => {
      const options = { env: this.environment, cwd: this.dir, timeout: 30_000, killSignal: 'SIGKILL' }
      const child = execFile(program, flags, options, (error, stdout, stderr) => {
        if (error) reject(Object.assign(error, { stderr }))
        else resolve(stdout)
      })
      // Whoever ends without reading says so by its exit code.
      child.stdin.on('error', () => {})
      child.stdin.end(input)
    })
  }

  signal(signal) {
    this.child.kill(signal)
  }

  /** As `docker-compose stop`: its signal, its time; but whoever needs more than that, or fails, is a mistake here. */
  async stop() {
    const { stop_signal = 'SIGTERM', stop_grace_period } = this.described
    const begun = performance.now()
    this.signal(stop_signal)
    const grace = milliseconds(stop_grace_period, 10_000)
    const waiting = new AbortController()
    const late = sleep(grace, 'late', { signal: waiting.signal }).catch(() => 'late')
    const end = await Promise.race([this.ended, late])
    waiting.abort()
    if (end === 'late') {
      await this.kill()
      throw new Error(`${this.name} did not end within ${grace / 1000} s of ${stop_signal}`)
    }
    this.child = undefined
    if (end.code !== 0) throw new Error(`${this.name} ended with ${JSON.stringify(end)} after ${stop_signal}; see ${this.logFile}`)
    return performance.now() - begun
  }

  async kill() {
    if (!this.child) return
    this.signal(this.image?.killSignal ?? 'SIGKILL')
    await this.ended
    this.child = undefined
  }
}
