import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig } from 'vite'
import { compress } from '../pages-kit/compress.js'
import { sizes } from '../pages-kit/sizes.js'

/** Where `npm run dev` finds the api: a `gatepipe dev`. */
const api = process.env.GATEPIPE_API ?? 'http://127.0.0.1:8787'

export default defineConfig({
  base: '/console/',
  plugins: [
    vue(),
    // Only the components that are used, each with its own style. Ours are imported by name.
    components({ dirs: [], dts: 'components.d.ts', resolvers: [ElementPlusResolver({ importStyle: 'css' })] }),
    sizes(['src/layout/AppLayout.vue', 'src/overview/OverviewPage.vue'], { first: 210_000, all: 290_000 }),
    compress(),
  ],
  build: {
    // The programs are built with what stands here: see crates/web-assets.
    outDir: fileURLToPath(new URL('../../crates/web-assets/dist/console', import.meta.url)),
    emptyOutDir: true,
    // A content security policy that allows no `data:` scripts or fonts; images may.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'vue', test: /node_modules[\\/](@vue|vue|vue-router)[\\/]/, priority: 2 },
            { name: 'element-plus', test: /node_modules[\\/]/, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': api, '/console/config.json': api, '/docs': api, '/openapi.json': api },
  },
})
