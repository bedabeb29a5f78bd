import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = new URL('../../../', import.meta.url)

/** `gatepipe` as it was built last, or the one that `GATEPIPE_DEV_BIN` names; the other programs lie beside it. */
export const gatepipe = process.env.GATEPIPE_DEV_BIN ?? fileURLToPath(new URL('target/debug/gatepipe', root))

/** What `make web` builds, which a debug `gatepipe dev` serves from there. */
const demo = fileURLToPath(new URL('crates/web-assets/dist/demo/index.html', root))
const consolePage = fileURLToPath(new URL('crates/web-assets/dist/console/index.html', root))

/** The nginx configuration that is deployed. */
export const deployedNginx = fileURLToPath(new URL('deploy/nginx/gatepipe.conf', root))

/** Where a built program of this name lies. */
export function program(name: string): string {
  return join(dirname(gatepipe), name)
}

/** Debian's Chromium, or the one that `GATEPIPE_CHROMIUM` names. */
export function chromium(): string | undefined {
  const named = process.env.GATEPIPE_CHROMIUM
  return named ? found([named]) : onPath('chromium')
}

/** Debian puts it where only root's PATH leads. */
export function nginx(): string | undefined {
  return found(['/usr/sbin/nginx']) ?? onPath('nginx')
}

/** What the stories cannot do without and is not there. */
export function missing(): string | undefined {
  if (!chromium()) return process.env.GATEPIPE_CHROMIUM ? `${process.env.GATEPIPE_CHROMIUM} does not exist` : 'Chromium is not installed: apt-get install chromium'
  const absent = ['gatepipe', 'gatepipe-register', 'gatepipe-gateway', 'gatepipe-api'].find((name) => !existsSync(program(name)))
  if (absent) return `${program(absent)} is not built`
  return undefined
}

/** Whether the console has been built. */
export function isConsoleBuilt(): boolean {
  return existsSync(consolePage)
}

/** Whether the demo has been built. */
export function isDemoBuilt(): boolean {
  return existsSync(demo)
}

function found(paths: string[]): string | undefined {
  return paths.find((path) => existsSync(path))
}

function onPath(name: string): string | undefined {
  return found((process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)))
}
