import { brotliCompressSync } from 'node:zlib'
import type { Plugin, Rolldown } from 'vite'
import { LEAST_BYTES } from './compress.js'

/** What a visitor loads with Brotli, in bytes. */
export interface Limits {
  /** For the first screen. */
  first: number
  /** For all screens. */
  all: number
}

/**
 * Prints what a visitor loads with Brotli, for the first screen and for all, and fails the build above the limits. `screen` names the modules that the first
 * screen needs beside the entry, by the ends of their paths.
 */
export function sizes(screen: readonly string[], limits: Limits): Plugin {
  return {
    name: 'gatepipe:sizes',
    apply: 'build',
    writeBundle(_, bundle) {
      const files = Object.values(bundle)
      const isFirst = (file: Rolldown.OutputChunk) => file.isEntry || screen.some((end) => file.facadeModuleId?.endsWith(end))
      const needed = new Set(files.filter(({ fileName }) => fileName.endsWith('.html')).map(({ fileName }) => fileName))
      const need = (fileName: string) => {
        const file = bundle[fileName]
        if (needed.has(fileName) || !file) return
        needed.add(fileName)
        if (file.type !== 'chunk') return
        file.imports.forEach(need)
        file.viteMetadata?.importedCss.forEach(need)
      }
      for (const file of files) if (file.type === 'chunk' && isFirst(file)) need(file.fileName)
      const all = sum(files.map(loaded))
      const first = sum(files.filter(({ fileName }) => needed.has(fileName)).map(loaded))
      this.info(`with Brotli: ${kilobytes(first)} for the first screen, of ${kilobytes(limits.first)}; ${kilobytes(all)} for all, of ${kilobytes(limits.all)}`)
      if (first > limits.first || all > limits.all) this.error('the page has become too large')
    },
  }
}

function loaded(file: Rolldown.OutputAsset | Rolldown.OutputChunk): number {
  const bytes = Buffer.from(file.type === 'chunk' ? file.code : file.source)
  return bytes.length <= LEAST_BYTES ? bytes.length : brotliCompressSync(bytes).length
}

const sum = (numbers: number[]) => numbers.reduce((one, other) => one + other, 0)
const kilobytes = (bytes: number) => `${Math.round(bytes / 1_000)} KB`
