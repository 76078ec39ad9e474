import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { FILES } from './files.config.ts'
import { pageHints } from './page-hints.config.ts'

/** Text that browsers are sent compressed: once, here, as small as it gets. */
const COMPRESSIBLE = /\.(js|css|svg|html)$/

/**
 * Has V8 compile all of a file while it arrives, beside the thread that draws, instead of each function there when it is first called
 * (https://v8.dev/blog/explicit-compile-hints): a fifth of what that thread did until the first picture.
 */
const COMPILE_AT_ONCE = Buffer.from('//# allFunctionsCalledOnLoad\n')

/** What is done to the files when they are all there: scripts get the line above, which has to be their first, and all are compressed. */
function finished(): Plugin {
  return {
    name: 'holdfast:finished',
    apply: 'build',
    writeBundle: ({ dir = '' }) => {
      for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (!COMPRESSIBLE.test(name)) continue
        const path = join(dir, name)
        const content = name.endsWith('.js') ? Buffer.concat([COMPILE_AT_ONCE, readFileSync(path)]) : readFileSync(path)
        writeFileSync(path, content)
        writeFileSync(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  plugins: [react(), pageHints(), finished()],
  build: {
    target: 'es2023',
    // These know `light-dark()`. What stands in for it in older ones would follow the system's scheme, and not the one that was chosen.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    outDir: 'dist',
    emptyOutDir: true,
    // The styles of all pages are small, and code that is there would wait for styles that are not.
    cssCodeSplit: false,
    // A policy without `data:` scripts, and one request more, are better than assets inside of scripts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: { groups: [...FILES] },
      },
    },
  },
  // `npx vite packages/web` shows the pages of a server that runs at its usual place.
  server: { proxy: { '/api': 'http://127.0.0.1:8000' } },
})
