// Writes dist/: ES modules, CommonJS and types; fails when the package is larger than it may be.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** What a page pays at most for `import { GatepipeClient } from '@gatepipe/client'`: minified, gzip -9. */
const MOST_BYTES = 5_000

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')
const entries = { index: join(root, 'src/index.ts'), testing: join(root, 'src/testing.ts') }
const common = { entryPoints: entries, bundle: true, target: 'es2020', platform: 'neutral', sourcemap: true, logLevel: 'warning' }

rmSync(dist, { recursive: true, force: true })
await build({ ...common, format: 'esm', outdir: join(dist, 'esm') })
await build({ ...common, format: 'cjs', outdir: join(dist, 'cjs') })

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
mkdirSync(join(dist, 'cjs'), { recursive: true })
for (const name of readdirSync(join(dist, 'esm'))) {
  if (name.endsWith('.d.ts')) cpSync(join(dist, 'esm', name), join(dist, 'cjs', name))
}
writeFileSync(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n')

const { outputFiles } = await build({ ...common, entryPoints: [entries.index], format: 'esm', minify: true, sourcemap: false, write: false })
const minified = outputFiles[0].contents
const size = gzipSync(minified, { level: 9 }).length
console.log(`@gatepipe/client: ${minified.length} bytes minified, ${size} gzip, of ${MOST_BYTES}`)
if (size > MOST_BYTES) {
  console.error(`@gatepipe/client has grown too large: ${size} bytes, at most ${MOST_BYTES}`)
  process.exit(1)
}
