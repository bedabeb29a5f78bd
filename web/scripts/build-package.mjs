// Builds a package that applications import.
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/**
 * Writes dist/ in `root`: ES modules, CommonJS and types of `src/<entry>.ts`. Ends the process when `index`, minified and with gzip -9, is larger than
 * `mostBytes`; what is `external` is not counted.
 */
export async function buildPackage({ name, root, entries, external = [], mostBytes }) {
  const dist = join(root, 'dist')
  const entryPoints = Object.fromEntries(entries.map((entry) => [entry, join(root, `src/${entry}.ts`)]))
  const common = { bundle: true, target: 'es2020', platform: 'neutral', external, logLevel: 'warning' }

  rmSync(dist, { recursive: true, force: true })
  await build({ ...common, entryPoints, format: 'esm', sourcemap: true, outdir: join(dist, 'esm') })
  await build({ ...common, entryPoints, format: 'cjs', sourcemap: true, outdir: join(dist, 'cjs') })

  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
  for (const file of readdirSync(join(dist, 'esm'))) {
    if (file.endsWith('.d.ts')) cpSync(join(dist, 'esm', file), join(dist, 'cjs', file))
  }
  writeFileSync(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n')

  const { outputFiles } = await build({ ...common, entryPoints: [entryPoints.index], format: 'esm', minify: true, write: false })
  const minified = outputFiles[0].contents
  const size = gzipSync(minified, { level: 9 }).length
  console.log(`${name}: ${minified.length} bytes minified, ${size} gzip, of ${mostBytes}`)
  if (size > mostBytes) {
    console.error(`${name} has grown too large: ${size} bytes, at most ${mostBytes}`)
    process.exit(1)
  }
}
