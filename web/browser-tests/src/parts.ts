import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Caller } from './api.js'
import { logIn, type Cluster, type Name, type User } from './cluster.js'
import { startDaemon, startGateway, type Daemon } from './daemon.js'
import { makeFolder, removeFolder } from './folder.js'
import { gatepipe } from './installed.js'
import { until } from './until.js'

const PERMISSIONS = ['websocket.broadcast', 'websocket.drain', 'websocket.force_offline', 'websocket.inspect', 'websocket.push_any', 'notification.send', 'notification.view', 'settings.inspect']

/** A register, two gateways and the api, each a process that can be killed and started again. */
export class Parts implements Cluster {
  http = ''
  admin = new Caller('', null)
  private api: Daemon | undefined

  private constructor(
    readonly users: Record<Name, User>,
    private readonly folder: string,
    private readonly registered: Daemon,
    readonly gateways: Daemon[],
    private readonly apiFlags: string[],
  ) {}

  /** `apiFlags`: of the api, beside the usual ones. */
  static async start(apiFlags: string[] = []): Promise<Parts> {
    const folder = makeFolder()
    const register = await startDaemon('register', ['--listen', '127.0.0.1:0'], folder)
    const url = `http://${register.up.rpc}`
    const gateways = await Promise.all([startGateway(url, folder), startGateway(url, folder)])
    const parts = new Parts(await addUsers(folder), folder, register, gateways, apiFlags)
    await parts.startApi()
    return parts
  }

  get register(): string {
    return `http://${this.registered.up.rpc}`
  }

  /** With which the api signs tokens. */
  async jwtSecret(): Promise<string> {
    return await readFile(join(this.folder, 'secret'), 'utf8')
  }

  get ws(): string[] {
    return this.gateways.map(({ up }) => `ws://${up.clients}/ws`)
  }

  /** The one that has this client. */
  gatewayOf(clientId: string): Daemon {
    const found = this.gateways.find(({ up }) => clientId.startsWith(up.gateway_id))
    if (!found) throw new Error(`no living gateway has ${clientId}`)
    return found
  }

  /** SIGKILL: no close frame, no goodbye. */
  async killGateway(gateway: Daemon): Promise<void> {
    this.gateways.splice(this.gateways.indexOf(gateway), 1)
    await gateway.program.kill()
  }

  /** SIGTERM: it lets its clients go, and ends. */
  async drainGateway(gateway: Daemon): Promise<void> {
    this.gateways.splice(this.gateways.indexOf(gateway), 1)
    await gateway.program.stop()
  }

  /** Gateways and api go on with what they know. */
  async killRegister(): Promise<void> {
    await this.registered.program.kill()
  }

  async addGateway(): Promise<void> {
    this.gateways.push(await startGateway(this.register, this.folder))
  }

  async killApi(): Promise<void> {
    await this.api?.program.kill()
    this.api = undefined
  }

  /** Starts the api, on another port than before, and waits until it commands the gateways. */
  async startApi(): Promise<void> {
    const secret = ['--jwt-secret-file', join(this.folder, 'secret')]
    const flags = ['--listen', '127.0.0.1:0', '--database-url', database(this.folder), '--register', this.register, ...secret, ...this.apiFlags]
    this.api = await startDaemon('api', flags, this.folder)
    this.http = `http://${this.api.up.http}`
    this.admin = new Caller(this.http, await logIn(this, 'admin'))
    await until('the api commands every gateway', async () => {
      const { list } = await this.admin.get<{ list: { connected: boolean }[] }>('/Gateway/list')
      return list.filter(({ connected }) => connected).length >= this.gateways.length
    })
  }

  async stop(): Promise<void> {
    const daemons = [this.api, ...this.gateways, this.registered]
    await Promise.all(daemons.map((daemon) => daemon?.program.kill()))
    await removeFolder(this.folder)
  }
}

function database(folder: string): string {
  return `sqlite://${join(folder, 'gatepipe.db')}`
}

/** With passwords that end with the folder. */
async function addUsers(folder: string): Promise<Record<Name, User>> {
  await writeFile(join(folder, 'secret'), randomBytes(32).toString('hex'))
  const add = async (name: Name, flags: string[]): Promise<User> => {
    const all = ['user', 'add', name, '-o', 'json', '--database-url', database(folder), ...flags]
    const { stdout } = await promisify(execFile)(gatepipe, all)
    return JSON.parse(stdout) as User
  }
  return {
    admin: await add('admin', PERMISSIONS.flatMap((permission) => ['--permission', permission])),
    alice: await add('alice', []),
    bob: await add('bob', ['--manager', 'alice']),
    carol: await add('carol', ['--manager', 'bob']),
  }
}
