// Builds a package that applications import.
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/**
 * Writes dist/ in `root`: ES modules, CommonJS and types of `src/<entry>.ts`. Ends the process when what a page pays is larger than one of `sizes` allows:
 * for importing these `names` from the package (all of them: `*`), minified, gzip -9, without what is `external`.
 */
export async function buildPackage({ name, root, entries, external = [], sizes }) {
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

  for (const { names, mostBytes } of sizes) {
    const what = names === '*' ? '*' : `{ ${names.join(', ')} }`
    const stdin = { contents: `export ${what} from './src/index.ts'`, resolveDir: root }
    const { outputFiles } = await build({ ...common, stdin, format: 'esm', minify: true, write: false })
    const minified = outputFiles[0].contents
    const size = gzipSync(minified, { level: 9 }).length
    console.log(`${name}, ${what}: ${minified.length} bytes minified, ${size} gzip, of ${mostBytes}`)
    if (size <= mostBytes) continue
    console.error(`${name} has grown too large: ${what} takes ${size} bytes, at most ${mostBytes}`)
    process.exit(1)
  }
}
