import { fileURLToPath } from 'node:url'
import { buildPackage } from '../../scripts/build-package.mjs'

await buildPackage({
  name: '@gatepipe/vue',
  root: fileURLToPath(new URL('..', import.meta.url)),
  entries: ['index'],
  external: ['vue', '@gatepipe/client'],
  sizes: [
    { names: ['createGatepipe', 'useWebSocket', 'onWsMessage', 'useConnectionState'], mostBytes: 2_000 },
    { names: '*', mostBytes: 3_400 },
  ],
})
