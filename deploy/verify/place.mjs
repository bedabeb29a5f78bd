// Where things are when there are no containers: an address of this host for each service, and a directory instead of its file system.

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Ports that only root may take are moved by this. */
const PRIVILEGED = 8000

/** Finds the paths at which a service's container has something of its own; every other one is the host's, and stays. */
function pathsOf({ secrets = [], tmpfs = [], volumes = [] }) {
  const mounts = volumes.map((volume) => volume.split(':'))
  const paths = [
    ...secrets.map((name) => `/run/secrets/${name}`),
    ...tmpfs,
    // Beside a file that is mounted may be others, and whoever reads them names their directory.
    ...mounts.map(([from, path]) => (from.startsWith('.') ? dirname(path) : path)),
  ]
  const literally = paths.map((path) => path.replace(/[^\w/]/g, '\\$&'))
  // Without any path it must find nothing, and not the empty text.
  return literally.length > 0 ? new RegExp(`(?<![\\w.~-])(?:${literally.join('|')})(?![\\w.-])`, 'g') : /(?!)/g
}

export class Place {
  constructor(compose, root) {
    this.compose = compose
    this.dir = mkdtempSync(join(tmpdir(), 'gatepipe-verify-'))
    // nginx's workers and PostgreSQL have users of their own when root starts them.
    chmodSync(this.dir, 0o711)
    // A network of our own, so that two of these do not meet.
    const random = () => 1 + Math.floor(Math.random() * 250)
    this.network = `127.${random()}.${random()}`
    this.visitors = this.network.replace(/\d+$/, (last) => String(Number(last) + 1))
    this.addresses = new Map(
      compose.services.map((service, index) => {
        const fixed = service.networks?.default?.ipv4_address?.split('.').at(-1)
        return [service.name, `${this.network}.${fixed ?? 100 + index}`]
      }),
    )
    this.paths = new Map(compose.services.map((service) => [service.name, pathsOf(service)]))
    this.#writeSecrets(root)
  }

  address(service) {
    return this.addresses.get(service)
  }

  /** The port that takes the place of a container's. */
  port(port) {
    return Number(port) < 1024 ? Number(port) + PRIVILEGED : Number(port)
  }

  /** What stands for a path in the service's container. */
  path(service, path) {
    const secret = /^\/run\/secrets\/(\w+)$/.exec(path)
    if (secret) return join(this.dir, 'secrets', secret[1])
    const here = join(this.dir, service, path)
    mkdirSync(dirname(here), { recursive: true })
    return here
  }

  /** Text of the compose file or of a file that it mounts, with what is true here. */
  translate(text, service) {
    const own = this.address(service)
    const names = [...this.addresses.keys()].join('|')
    return String(text)
      .replaceAll(this.compose.network, `${this.network}.0/24`)
      .replace(/\b(?:0\.0\.0\.0|127\.0\.0\.1):(\d+)/g, (_, port) => `${own}:${this.port(port)}`)
      .replace(new RegExp(`(?<![\\w.-])(${names}):(\\d+)`, 'g'), (_, name, port) => `${this.address(name)}:${this.port(port)}`)
      .replace(/--host=127\.0\.0\.1/g, `--host=${own}`)
      .replace(this.paths.get(service), (path) => this.path(service, path))
  }

  /** By the script that operators use; and they name hosts, as the compose file does. */
  #writeSecrets(root) {
    const made = join(this.dir, 'made')
    const { PATH } = process.env
    execFileSync(join(root, 'deploy/secrets.sh'), [made, ...this.addresses.values()], { env: { PATH }, stdio: ['ignore', 'ignore', 'inherit'] })
    mkdirSync(join(this.dir, 'secrets'))
    for (const [name, { file }] of Object.entries(this.compose.secrets)) {
      const text = readFileSync(join(made, file.split('/').at(-1)), 'utf8')
      writeFileSync(join(this.dir, 'secrets', name), this.translate(text, 'api'))
    }
  }
}
