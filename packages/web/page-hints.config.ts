import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const ROUTER = fileURLToPath(new URL('src/app/router.tsx', import.meta.url))
const ROUTE = /path: '([^']+)',[^{}]*?import\('[./]*\/([^']+)'\)/g

/**
 * What pages ask the server first, word for word and whoever is there, when their addresses have nothing behind a question mark; `$name`
 * is what the address has in that place. Browsers begin to fetch it while they still load the pages' code.
 */
const FIRST_QUESTIONS: Readonly<Record<string, readonly string[]>> = {
  '/': ['/api/v1/overview', '/api/v1/clients?sort=state&limit=10'],
  '/clients': ['/api/v1/clients?sort=name&order=asc&limit=200'],
  '/clients/$clientId': ['/api/v1/clients/$clientId'],
  '/plans': ['/api/v1/plans?limit=100'],
  '/runs': ['/api/v1/runs?limit=200'],
  '/runs/$runId': ['/api/v1/runs/$runId'],
  '/snapshots': ['/api/v1/snapshots?limit=100'],
  '/snapshots/$snapshotId': ['/api/v1/snapshots/$snapshotId'],
  '/repositories': ['/api/v1/repositories'],
}

/**
 * Writes `page-hints.json` beside the pages: for every route its path, the files that it needs, and what it asks first. The server tells
 * browsers of them together with the page, so that one thing does not wait for another.
 */
export function pageHints(): Plugin {
  return {
    name: 'holdfast:page-hints',
    apply: 'build',
    // After what takes empty files away and adds the styles.
    enforce: 'post',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((one) => one.type === 'chunk')
      const filesOf = (name: string, seen = new Set<string>()): ReadonlySet<string> => {
        const chunk = chunks.find(({ fileName }) => fileName === name)
        if (chunk === undefined || seen.has(name)) return seen
        seen.add(name)
        for (const imported of chunk.imports) filesOf(imported, seen)
        return seen
      }
      const frame = chunks.find(({ name }) => name === 'frame')
      const styles = Object.keys(bundle).filter((name) => name.endsWith('.css'))
      const first = [...filesOf(frame?.fileName ?? ''), ...styles]
      const hints = routes().map(({ path, module }) => {
        const chunk = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(`/${module}`)))
        if (chunk === undefined) throw new Error(`Cannot tell what ${path} needs: ${module} is in no file`)
        // What everything else waits for comes first: browsers fetch six files at a time.
        const files = [...new Set([...first, ...filesOf(chunk.fileName)])].map((name) => `/${name}`)
        return { path, files, questions: FIRST_QUESTIONS[path] ?? [] }
      })
      this.emitFile({ type: 'asset', fileName: 'page-hints.json', source: JSON.stringify(hints) })
    },
  }
}

function routes(): readonly { readonly path: string; readonly module: string }[] {
  const source = readFileSync(ROUTER, 'utf8')
  const found = [...source.matchAll(ROUTE)].map(([, path = '', module = '']) => ({ path, module }))
  const wanted = source.split('import(').length - 1
  if (found.length !== wanted)
    throw new Error(`Cannot read the routes of ${basename(ROUTER)}: ${wanted} load a page, ${found.length} were understood`)
  return found
}
