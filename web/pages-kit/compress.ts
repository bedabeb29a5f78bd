import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** A smaller file is one packet anyhow. */
export const LEAST_BYTES = 1_024
/** What is packed already gains nothing. */
const PACKED = /\.(png|jpg|woff2|gz|br)$/

/** Writes `.gz` and `.br` beside each built file that is larger than 1 KiB, so that no server has to pack while it serves. */
export function compress(): Plugin {
  let folder = ''
  return {
    name: 'gatepipe:compress',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir
    },
    closeBundle() {
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        const path = join(folder, name)
        if (PACKED.test(name) || !statSync(path).isFile() || statSync(path).size <= LEAST_BYTES) continue
        const bytes = readFileSync(path)
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
      }
    },
  }
}
