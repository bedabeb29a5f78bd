import { program } from './installed.js'
import { Program } from './program.js'

/** The addresses in the line that says that a daemon is up. */
export interface Addresses {
  /** A register's or a gateway's gRPC. */
  rpc: string
  /** A gateway's WebSockets. */
  clients: string
  gateway_id: string
  /** An api's HTTP. */
  http: string
}

export interface Daemon {
  program: Program
  up: Addresses
}

/** A register, a gateway or an api as a process of its own. `folder` as in `Program.start`. */
export async function startDaemon(name: 'register' | 'gateway' | 'api', flags: string[], folder: string): Promise<Daemon> {
  const all = ['--log-format', 'json', '--admin-listen', '127.0.0.1:0', ...flags]
  return await Program.start<Addresses>(program(`gatepipe-${name}`), all, folder, { from: 'stderr', read: isUp })
}

/** A gateway that announces itself to `register`. `more`: flags of its own. */
export function startGateway(register: string, folder: string, listen = '127.0.0.1:0', more: string[] = []): Promise<Daemon> {
  return startDaemon('gateway', ['--listen', listen, '--rpc-listen', '127.0.0.1:0', '--register', register, ...more], folder)
}

function isUp(line: string): Addresses | undefined {
  if (!line.includes(' is up"')) return undefined
  const event = JSON.parse(line) as Addresses & { message: string }
  return event.message.endsWith(' is up') ? event : undefined
}
