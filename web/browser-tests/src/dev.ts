import { Caller } from './api.js'
import type { Cluster, Name, User } from './cluster.js'
import { makeFolder, removeFolder } from './folder.js'
import { gatepipe } from './installed.js'
import { Program } from './program.js'

interface Up {
  http: string
  ws: string[]
  register: string
  users: Record<Name, User & { token: string }>
}

/** `gatepipe dev`: everything in one process. */
export interface Dev extends Cluster {
  stop(): Promise<void>
}

export async function startDev({ gateways = 2 } = {}): Promise<Dev> {
  const folder = makeFolder()
  const flags = ['dev', '--data-dir', folder, '--gateways', String(gateways), '--ws-port', '0', '--http-port', '0', '--json']
  const ready = { from: 'stdout', read: (line: string): unknown => JSON.parse(line) } as const
  const { program, up } = await Program.start<Up>(gatepipe, flags, folder, ready)
  return {
    ...up,
    admin: new Caller(up.http, up.users.admin.token),
    async stop() {
      await program.kill()
      await removeFolder(folder)
    },
  }
}
