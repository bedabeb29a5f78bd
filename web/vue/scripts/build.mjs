import { fileURLToPath } from 'node:url'
import { buildPackage } from '../../scripts/build-package.mjs'

await buildPackage({
  name: '@gatepipe/vue',
  root: fileURLToPath(new URL('..', import.meta.url)),
  entries: ['index'],
  external: ['vue', '@gatepipe/client'],
  // What a page pays at most beside Vue and the client.
  mostBytes: 3_300,
})
