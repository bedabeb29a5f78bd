import { fileURLToPath } from 'node:url'
import { buildPackage } from '../../scripts/build-package.mjs'

await buildPackage({
  name: '@gatepipe/client',
  root: fileURLToPath(new URL('..', import.meta.url)),
  entries: ['index', 'testing'],
  sizes: [{ names: '*', mostBytes: 5_000 }],
})
