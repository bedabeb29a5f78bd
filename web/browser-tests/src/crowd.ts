import { Caller } from './api.js'
import { logIn, type Cluster, type Name, type User } from './cluster.js'
import { startGateway, type Daemon } from './daemon.js'
import { startDev, type Dev } from './dev.js'
import { makeFolder, removeFolder } from './folder.js'
import { Member } from './member.js'
import { until } from './until.js'

/** Beside the one of `gatepipe dev`, to which the console itself connects. */
const GATEWAYS = 2
/** How many there are, and into which group they go: more than the console sends to without asking, and fewer. Those of nobody are not bound. */
const MEMBERS: readonly { name?: Name; count: number; group?: string }[] = [
  { name: 'alice', count: 110, group: 'lobby' },
  { name: 'bob', count: 60 },
  { name: 'carol', count: 30, group: 'ops' },
  { count: 100 },
]
/** Requests at once. */
const LANES = 20

/** Three gateways with 300 sockets on them, each user's on all three. Stories share it, and leave it as they found it. */
export class Crowd implements Cluster {
  readonly members: Member[] = []

  private constructor(
    private readonly dev: Dev,
    private readonly folder: string,
    /** The gateways that are processes of their own. */
    readonly gateways: Daemon[],
  ) {}

  static async start(): Promise<Crowd> {
    const dev = await startDev({ gateways: 1 })
    const crowd = new Crowd(dev, makeFolder(), [])
    try {
      for (let count = 0; count < GATEWAYS; count += 1) await crowd.addGateway()
      for (const { name, count } of MEMBERS) await crowd.add(count, name)
      return crowd
    } catch (error) {
      await crowd.stop()
      throw error
    }
  }

  get http(): string {
    return this.dev.http
  }

  get ws(): string[] {
    return [...this.dev.ws, ...this.gateways.map(({ up }) => `ws://${up.clients}/ws`)]
  }

  get register(): string {
    return this.dev.register
  }

  get users(): Record<Name, User> {
    return this.dev.users
  }

  get admin(): Caller {
    return this.dev.admin
  }

  /** The members that are this user's. */
  of(name: Name): Member[] {
    return this.members.filter((member) => member.name === name)
  }

  /** The members of this group. */
  in(group: string): Member[] {
    return this.members.filter((member) => member.group === group)
  }

  /** Lets in so many more, of this user or of nobody. */
  async add(count: number, name?: Name): Promise<Member[]> {
    const caller = name && new Caller(this.http, await logIn(this, name))
    const group = MEMBERS.find((one) => one.name === name)?.group
    const settle = async ({ clientId }: Member) => {
      await caller?.post('/WebSocket/bind', { client_id: clientId })
      if (group) await this.admin.post('/Client/joinGroup', { client_id: clientId, group })
    }
    const added = Array.from({ length: count }, (_, index) => new Member(name, group, () => this.ws, settle, index))
    this.members.push(...added)
    await inLanes(added, (member) => member.come())
    return added
  }

  /** Sends them away, as when their pages are closed. */
  dismiss(...members: Member[]): void {
    for (const member of members) {
      member.leave()
      this.members.splice(this.members.indexOf(member), 1)
    }
  }

  /** Waits until the gateways have exactly the members, and so many others; answers how many. */
  async isThere(others: number): Promise<number> {
    const all = this.members.length + others
    const count = async () => (await this.admin.get<{ clients: number }>('/WebSocket/estimate')).clients
    await until(`${all} are there`, async () => this.members.every(({ isIn }) => isIn) && (await count()) === all, count)
    return all
  }

  /** SIGKILL: no close frame, no goodbye. */
  async killGateway(gateway: Daemon): Promise<void> {
    this.forget(gateway)
    await gateway.program.kill()
  }

  /** Of one that ends by itself. */
  forget(gateway: Daemon): void {
    this.gateways.splice(this.gateways.indexOf(gateway), 1)
  }

  /** One more, with these flags, which the api commands when this returns. */
  async addGateway(flags: string[] = []): Promise<Daemon> {
    const gateway = await startGateway(this.register, this.folder, '127.0.0.1:0', flags)
    this.gateways.push(gateway)
    await until('the api commands it', async () => {
      const { list } = await this.admin.get<{ list: { gateway_id: string; connected: boolean }[] }>('/Gateway/list')
      return list.some(({ gateway_id, connected }) => gateway_id === gateway.up.gateway_id && connected)
    })
    return gateway
  }

  async stop(): Promise<void> {
    for (const member of this.members) member.leave()
    await Promise.all(this.gateways.map(({ program }) => program.kill()))
    await this.dev.stop()
    await removeFolder(this.folder)
  }
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = [...items]
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}
