import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import files, { type FastifyStaticOptions } from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ServerError } from '../errors.ts'
import { PUBLIC } from './access.ts'
import type { App } from './app-type.ts'
import { SESSION_COOKIE } from './guard.ts'
import { linksOfPage } from './page-hints.ts'

/** Where `npm ci` puts the pages that it builds. */
const BUILT: string = fileURLToPath(new URL('../../../web/dist/', import.meta.url))
/** Paths below these belong to programs: what is not there is answered by a problem and not by a page. */
const NOT_PAGES = /^\/(api|agent|restic|assets|metrics|healthz|readyz)(\/|$)/
/** Names of built files change with what is in them. */
const ASSET_AGE_SECONDS = 31_536_000

export interface WebPageOptions {
  /** Folder of the built pages; empty for those of this installation. */
  readonly webFolder: string
}

/**
 * Serves the pages: files below `/assets/`, which browsers keep, and for every other path that a browser opens the one page, whose script
 * finds out what is meant. It is asked for anew each time, so that it always names the files of this version.
 */
export async function webPages(app: App, { webFolder }: WebPageOptions): Promise<void> {
  const root = webFolder === '' ? BUILT : webFolder
  const setHeaders: FastifyStaticOptions['setHeaders'] = (response, path) => {
    const isAsset = path.startsWith(join(root, 'assets'))
    response.header('cache-control', isAsset ? `public, max-age=${ASSET_AGE_SECONDS}, immutable` : 'no-cache')
  }
  await app.register(files, { root, serve: false, preCompressed: true, cacheControl: false, setHeaders })
  const schema = { hide: true }
  app.get('/assets/*', { config: { access: PUBLIC }, schema }, (request, reply) => reply.sendFile(decodedPath(request)))
  app.get('/icon.svg', { config: { access: PUBLIC }, schema }, (_request, reply) => reply.sendFile('icon.svg'))
  app.get('/*', { config: { access: PUBLIC }, schema }, async (request, reply) => sendPage(request, reply, root))
}

async function sendPage(request: FastifyRequest, reply: FastifyReply, root: string): Promise<FastifyReply> {
  const path = decodedPath(request)
  const accept = request.headers.accept ?? ''
  if (NOT_PAGES.test(path) || !(accept === '' || accept.includes('text/html') || (path === '/' && accept.includes('*/*')))) {
    reply.callNotFound()
    return reply
  }
  if (!existsSync(join(root, 'index.html'))) {
    throw new ServerError('server.unavailable', 'Cannot show the pages: they are not built; run `npm ci` where Holdfast is installed')
  }
  const links = linksOfPage(root, { url: request.url, hasSession: request.cookies[SESSION_COOKIE] !== undefined })
  if (links !== undefined) reply.header('link', links)
  return reply.sendFile('index.html')
}

/** The router has refused what cannot be decoded. */
function decodedPath({ url }: FastifyRequest): string {
  return decodeURIComponent(url.split('?', 1)[0] ?? '/')
}
