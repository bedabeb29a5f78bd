import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { within } from './until.js'

/**
 * Reads until the pipe ends, which the kernel sees to when its other end is gone, and kills the program that it watches. Helpers of a program
 * that end after it may write into the folder for a moment longer.
 */
const WATCHER = `
trap '' HUP INT TERM
read -r _
kill -s KILL "$1" 2>/dev/null
tries=50
until { ! kill -0 "$1" && rm -rf "$2"; } 2>/dev/null || [ "$tries" -eq 0 ]; do sleep 0.1; tries=$((tries - 1)); done
`

/** Lines of its output that are shown when something fails. */
const KEPT_LINES = 40

/** Where to find the line that says that a program is up. */
export interface Ready {
  from: 'stdout' | 'stderr'
  /** `undefined` for every other line. */
  read(line: string): unknown
}

/** A running program. It ends with the process that started it, however that one ends. */
export class Program {
  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
    private readonly watcher: ChildProcess,
    private readonly lines: string[],
  ) {}

  /** Starts it and waits until it says that it is up. `folder` is its own and is removed should this process end before. */
  static async start<T>(path: string, flags: string[], folder: string, ready: Ready): Promise<{ program: Program; up: T }> {
    const child = spawn(path, flags, { stdio: ['ignore', 'pipe', 'pipe'] })
    await within(`${path} runs`, once(child, 'spawn'))
    const script = ['-c', WATCHER, 'watcher', String(child.pid), folder]
    const watcher = spawn('sh', script, { cwd: '/', stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    const lines: string[] = []
    const program = new Program(path, child, watcher, lines)
    const said = new Promise<T>((resolve, reject) => {
      for (const from of ['stdout', 'stderr'] as const) {
        createInterface({ input: child[from]! }).on('line', (line) => {
          lines.push(line)
          if (lines.length > KEPT_LINES) lines.shift()
          const up = from === ready.from ? ready.read(line) : undefined
          if (up !== undefined) resolve(up as T)
        })
      }
      child.once('exit', (code, signal) => reject(new Error(`${program.name} ended with ${code ?? signal}\n${lines.join('\n')}`)))
    })
    try {
      return { program, up: await within(`${path} is up`, said) }
    } catch (error) {
      await program.kill()
      throw error
    }
  }

  /** What it said last. */
  get log(): string {
    return this.lines.join('\n')
  }

  /** Waits until it has ended by itself; answers with what code. */
  async ended(): Promise<number | null> {
    const { child } = this
    if (child.exitCode === null && child.signalCode === null) await within(`${this.name} ends`, once(child, 'exit'))
    return await this.end('SIGKILL')
  }

  /** SIGKILL, and gone when this returns. */
  async kill(): Promise<void> {
    await this.end('SIGKILL')
  }

  /** SIGTERM, and gone when this returns; answers with what code. */
  async stop(): Promise<number | null> {
    return await this.end('SIGTERM')
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child, watcher } = this
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit')
      child.kill(signal)
      await within(`${this.name} ends after ${signal}`, gone)
    }
    watcher.kill('SIGKILL')
    return child.exitCode
  }
}
