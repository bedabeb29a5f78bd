// What the image `nginx` does with the files that are mounted into it.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export function nginx(service) {
  const { place, name, address, dir } = service
  const main = place.path(name, '/etc/nginx/nginx.conf')
  return {
    // Takes its workers along; after SIGKILL they would stay.
    killSignal: 'SIGTERM',
    command: ['nginx', '-p', dir, '-c', main, '-e', 'stderr', '-g', 'daemon off;'],
    prepare() {
      mkdirSync(join(dir, 'tmp'), { recursive: true })
      for (const volume of service.described.volumes) {
        const [file, path] = volume.split(':')
        const text = readFileSync(join(root, file), 'utf8').replace(/\blisten (\d+)/g, (_, port) => `listen ${address}:${place.port(port)}`)
        writeFileSync(place.path(name, path), place.translate(text, name))
      }
      execFileSync('nginx', ['-t', '-q', '-p', dir, '-c', main, '-e', 'stderr'], { env: service.environment, stdio: ['ignore', 'inherit', 'inherit'] })
    },
  }
}
