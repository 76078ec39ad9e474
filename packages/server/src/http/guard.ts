import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ServerError } from '../errors.ts'
import { type Access, hasRole } from './access.ts'
import type { Actor } from './actor.ts'

/** The cookie that holds a session's token. */
export const SESSION_COOKIE = 'holdfast_session'

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Finds out who is behind a token. Each gives undefined for a token that is none, has expired or was revoked. */
export interface Authenticators {
  session(token: string): Promise<Actor | undefined>
  /** `address` is where the request comes from. */
  bearer(token: string, address: string): Promise<Actor | undefined>
}

/** Holds every request against what its route declares, before anything of its body is read. */
export function registerGuard(app: FastifyInstance, authenticators: Authenticators): void {
  app.decorateRequest('actor', null)
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined) throw new Error(`the route ${String(method)} ${url} does not say who may call it`)
  })
  app.addHook('onRequest', async (request) => {
    // Where no route fits there is nothing to guard: the answer is 404 whoever asks.
    const access = request.routeOptions.config.access
    if (access === undefined || access.kind === 'public' || access.kind === 'own') return
    const actor = await authenticate(request, authenticators)
    refuse(actor, access)
    request.actor = actor
  })
}

async function authenticate(request: FastifyRequest, { session, bearer }: Authenticators): Promise<Actor> {
  const header = request.headers.authorization
  const token = header === undefined ? undefined : /^bearer +(\S+)$/i.exec(header)?.[1]
  if (token !== undefined) {
    const actor = await bearer(token, request.ip)
    if (actor !== undefined) return actor
    throw new ServerError('auth.required', 'Cannot do this: the token is unknown, has expired or was revoked')
  }
  const cookie = request.cookies[SESSION_COOKIE]
  const actor = cookie === undefined ? undefined : await session(cookie)
  if (actor === undefined) throw new ServerError('auth.required', 'Cannot do this: sign in first')
  refuseForeignOrigin(request)
  return actor
}

/**
 * Browsers send cookies with requests that other sites cause. They also say where a request comes from, and what comes from elsewhere may
 * change nothing.
 */
function refuseForeignOrigin(request: FastifyRequest): void {
  if (SAFE_METHODS.has(request.method)) return
  const site = request.headers['sec-fetch-site']
  const origin = request.headers.origin
  const isForeign =
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== request.host))
  if (isForeign) throw new ServerError('request.foreign-origin', 'Cannot do this: another site has sent the request')
}

function refuse(actor: Actor, access: Extract<Access, { kind: 'user' | 'agent' }>): void {
  if (access.kind === 'agent') {
    if (actor.kind !== 'agent') throw new ServerError('auth.forbidden', 'Cannot do this: only agents may')
    return
  }
  if (actor.kind !== 'user') throw new ServerError('auth.forbidden', 'Cannot do this: agents may not')
  if (!hasRole(actor.role, access.role)) throw new ServerError('auth.forbidden', `Cannot do this: it takes the role ${access.role}`)
  const { scopes } = actor
  if (scopes !== undefined && !scopes.includes('admin') && !scopes.includes(access.scope)) {
    throw new ServerError('auth.forbidden', `Cannot do this: the token does not have the scope ${access.scope}`)
  }
}
