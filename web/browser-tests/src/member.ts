import { WebSocket } from 'ws'
import type { Name } from './cluster.js'
import { until, within } from './until.js'

/** What arrived at a member's socket. */
export interface Heard {
  type: string
  data: unknown
}

/** From this close code up to the next hundred nobody comes back. */
const FINAL = 4_000
/** Of what it heard. */
const KEPT = 100

/** One of a crowd: a socket of this process, which comes back as a page does when its gateway goes away. */
export class Member {
  clientId = ''
  /** Whether it has been let in, and all is done that was to be done then. */
  isIn = false
  readonly heard: Heard[] = []
  /** The code of the close after which it stayed away. */
  closedWith: number | undefined
  private socket: WebSocket | undefined
  private left = false

  /** `gateways` are asked for anew at each try, and taken in turn from the one of number `tries`; `settle` is done each time when it was let in. */
  constructor(
    readonly name: Name | undefined,
    readonly group: string | undefined,
    private readonly gateways: () => string[],
    private readonly settle: (member: Member) => Promise<void>,
    private tries: number,
  ) {}

  /** Is let in, by the next gateway in turn that does. */
  async come(): Promise<void> {
    await until('a gateway lets a member in', async () => {
      if (this.left) return true
      const gateways = this.gateways()
      try {
        await this.enter(gateways[this.tries++ % gateways.length]!)
        return true
      } catch {
        this.socket?.terminate()
        return false
      }
    })
  }

  private async enter(gateway: string): Promise<void> {
    const socket = new WebSocket(gateway, { perMessageDeflate: false, headers: { 'user-agent': 'crowd/1.0', origin: 'https://crowd.example' } })
    this.socket = socket
    const greeted = new Promise<string>((resolve, reject) => {
      socket.on('message', (text) => {
        const frame = JSON.parse(String(text)) as Heard & { client_id?: string }
        if (frame.type === 'init') return resolve(frame.client_id!)
        this.heard.push(frame)
        if (this.heard.length > KEPT) this.heard.shift()
      })
      socket.on('error', reject)
      socket.once('close', () => reject(new Error('closed before init')))
    })
    this.clientId = await within('init', greeted)
    await this.settle(this)
    const gone = (code: number) => {
      this.isIn = false
      if (code >= FINAL && code < FINAL + 100) this.closedWith = code
      else if (!this.left) void this.come().catch(() => {})
    }
    if (socket.readyState === WebSocket.CLOSED) throw new Error('closed while it settled')
    socket.once('close', gone)
    this.isIn = true
  }

  /** Whether it has heard a message of this type. */
  hasHeard(type: string): boolean {
    return this.heard.some((one) => one.type === type)
  }

  /** Does not read any more, and so does not answer a close either. */
  sleep(): void {
    this.socket?.pause()
  }

  leave(): void {
    this.left = true
    this.socket?.terminate()
  }
}
