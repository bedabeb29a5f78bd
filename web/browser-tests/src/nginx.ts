import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { makeFolder, removeFolder } from './folder.js'
import { deployedNginx } from './installed.js'
import { Program } from './program.js'
import { until } from './until.js'

/** Free ports that are tried: another process may take one between our look and nginx's start. */
const TRIES = 5

/** What nginx stands before. */
export interface Behind {
  /** Two gateways, as `host:port`. */
  gateways: [string, string]
  /** The api, as `host:port`. */
  api: string
  /** Who serves pages, as `host:port`, by the beginning of their path. */
  pages: Record<string, string>
}

/** nginx as a process of this test, configured from the file that is deployed. */
export interface Nginx {
  readonly http: string
  stop(): Promise<void>
}

export async function startNginx(path: string, behind: Behind): Promise<Nginx> {
  const folder = makeFolder()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ')
  // One process without workers, so that none is left behind; nothing outside the folder.
  const around = `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr notice;
    events { worker_connections 256; }
    http { access_log off; ${temporary} include ${folder}/gatepipe.conf; }`
  writeFileSync(join(folder, 'nginx.conf'), around)
  for (let tries = 1; ; tries++) {
    const port = await freePort()
    writeFileSync(join(folder, 'gatepipe.conf'), site(port, behind))
    try {
      const ready = { from: 'stderr', read: (line: string) => line.includes('event method') || undefined } as const
      const { program } = await Program.start(path, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], folder, ready)
      await until('nginx listens', () => listens(port))
      return {
        http: `http://127.0.0.1:${port}`,
        async stop() {
          await program.kill()
          await removeFolder(folder)
        },
      }
    } catch (error) {
      if (tries < TRIES) continue
      await removeFolder(folder)
      throw error
    }
  }
}

/** What is deployed, with the addresses of this test. */
function site(port: number, { gateways, api, pages }: Behind): string {
  const locations = Object.entries(pages).map(([path, host]) => `location ${path} { proxy_pass http://${host}; proxy_set_header Host $host; }`)
  const replaced: [string, string][] = [
    ['listen 80;', `listen 127.0.0.1:${port}; ${locations.join(' ')}`],
    ['server gateway-1:7272 ', `server ${gateways[0]} `],
    ['server gateway-2:7272 ', `server ${gateways[1]} `],
    ['server api:8787;', `server ${api};`],
  ]
  return replaced.reduce((text, [deployed, here]) => {
    if (text.split(deployed).length !== 2) throw new Error(`${deployed} does not stand in ${deployedNginx} once`)
    return text.replace(deployed, () => here)
  }, readFileSync(deployedNginx, 'utf8'))
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
