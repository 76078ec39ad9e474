import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Role } from '@holdfast/protocol'
import type { RouteOptions } from 'fastify'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SERVER_ORIGIN } from '../features/audit/audit.ts'
import { newToken } from '../secrets/tokens.ts'
import { samplePlan } from '../testing/sample-plans.ts'
import { allDatabases, TEST_PASSWORD, TestServer } from '../testing/test-server.ts'
import type { Access } from './access.ts'

/** What a route is asked about: the things of one owner. */
interface Things {
  readonly client: number
  readonly plan: number
  readonly run: number
  readonly snapshot: number
  readonly channel: number
  readonly user: number
  readonly session: number
  readonly apiToken: number
}

/** How a route is called that is about something that somebody owns; `id` fills in its parameter. */
interface OwnedRoute {
  readonly id: keyof Things
  readonly query?: string
  readonly body?: (things: Things) => object
}

const RESTORE = { target: '/restored' }

/** Every route about something that has an owner, by its URL. The parameter in it is the only one unless it is `:id`. */
const OWNED: Readonly<Record<string, OwnedRoute>> = {
  'GET /api/v1/clients/:id': { id: 'client' },
  'PATCH /api/v1/clients/:id': { id: 'client', body: () => ({}) },
  'DELETE /api/v1/clients/:id': { id: 'client', query: 'withSnapshots=true' },
  'GET /api/v1/clients/:id/logs': { id: 'client' },
  'POST /api/v1/clients/:id/enrolment': { id: 'client' },
  'POST /api/v1/clients/:id/token': { id: 'client' },
  'POST /api/v1/clients/:id/token/rotation': { id: 'client' },
  'GET /api/v1/clients/:id/folders': { id: 'client', query: 'path=/' },
  'POST /api/v1/clients/:id/selection-preview': { id: 'client', body: () => ({ paths: ['/home'] }) },
  'GET /api/v1/clients/:id/restic': { id: 'client' },
  'POST /api/v1/clients/:id/restic/password': { id: 'client' },
  'DELETE /api/v1/clients/:id/restic/password': { id: 'client' },
  'DELETE /api/v1/clients/:id/token': { id: 'client' },
  'GET /api/v1/clients/:clientId/plans': { id: 'client' },
  'POST /api/v1/clients/:clientId/plans': { id: 'client', body: () => samplePlan() },
  'GET /api/v1/plans/:id': { id: 'plan' },
  'PATCH /api/v1/plans/:id': { id: 'plan', body: () => ({}) },
  'DELETE /api/v1/plans/:id': { id: 'plan' },
  'POST /api/v1/plans/:id/run': { id: 'plan' },
  'GET /api/v1/plans/:id/times': { id: 'plan' },
  'GET /api/v1/runs/:id': { id: 'run' },
  'GET /api/v1/runs/:id/log': { id: 'run' },
  'POST /api/v1/runs/:id/cancel': { id: 'run' },
  'POST /api/v1/runs/:id/retry': { id: 'run' },
  'GET /api/v1/snapshots/:id': { id: 'snapshot' },
  'PATCH /api/v1/snapshots/:id': { id: 'snapshot', body: () => ({ isPinned: true }) },
  'DELETE /api/v1/snapshots/:id': { id: 'snapshot' },
  'PUT /api/v1/snapshots/:id/tags': { id: 'snapshot', body: () => ({ tags: ['tagged'] }) },
  'GET /api/v1/snapshots/:id/forget-plan': { id: 'snapshot' },
  'GET /api/v1/snapshots/:id/entries': { id: 'snapshot', query: 'path=/' },
  'GET /api/v1/snapshots/:id/entry': { id: 'snapshot', query: 'path=/file' },
  'GET /api/v1/snapshots/:id/place': { id: 'snapshot', query: 'path=/&prefix=f' },
  'GET /api/v1/snapshots/:id/diff/:other': { id: 'snapshot' },
  'GET /api/v1/snapshots/:id/preview': { id: 'snapshot', query: 'path=/file' },
  'GET /api/v1/snapshots/:id/file': { id: 'snapshot', query: 'path=/file' },
  'GET /api/v1/snapshots/:id/archive': { id: 'snapshot', query: 'path=/&format=tar' },
  'POST /api/v1/snapshots/:id/archive': { id: 'snapshot', body: () => ({ path: '/', format: 'tar' }) },
  'POST /api/v1/snapshots/:id/restore': { id: 'snapshot', body: () => RESTORE },
  'PUT /api/v1/channels/:id': { id: 'channel', body: () => CHANNEL },
  'DELETE /api/v1/channels/:id': { id: 'channel' },
  'POST /api/v1/channels/:id/test': { id: 'channel' },
  'DELETE /api/v1/me/sessions/:id': { id: 'session' },
  'DELETE /api/v1/me/tokens/:id': { id: 'apiToken' },
}

const CHANNEL = {
  name: 'hook',
  isEnabled: true,
  events: ['run.failed'],
  summary: null,
  config: { kind: 'webhook', url: 'http://127.0.0.1:9/', secret: 'sixteen letters!' },
}

/** Routes with a parameter that is nobody's: administrators set these things up, all may see them, or the parameter is no object. */
const UNOWNED: ReadonlySet<string> = new Set([
  'POST /api/clients/:token/tasks',
  'POST /api/clients/:token/tasks/:taskId/run',
  'POST /api/clients/:token/config',
  'PUT /api/v1/clients/:id/restic/repositories/:repositoryId',
  'DELETE /api/v1/clients/:id/restic/repositories/:repositoryId',
  'GET /api/v1/users/:id',
  'PATCH /api/v1/users/:id',
  'DELETE /api/v1/users/:id',
  'DELETE /api/v1/users/:id/sessions',
  'GET /api/v1/repositories/:id',
  'PATCH /api/v1/repositories/:id',
  'DELETE /api/v1/repositories/:id',
  'GET /api/v1/repositories/:id/recovery-kit',
  'GET /api/v1/repositories/:id/history',
  'GET /api/v1/repositories/:id/maintenance',
  'PUT /api/v1/repositories/:id/maintenance',
  'POST /api/v1/repositories/:id/maintenance/retry',
  'POST /api/v1/repositories/:id/maintenance/run',
  'POST /api/v1/repositories/:id/refresh',
])

/** These send something, and change nothing. */
const CHANGING_NOTHING: ReadonlySet<string> = new Set(['POST /api/v1/channels/:id/test', 'POST /api/v1/clients/:id/selection-preview'])

/** Streams do not end by themselves; `run-watch` and others test them. */
const STREAMS: ReadonlySet<string> = new Set(['GET /api/v1/events', 'GET /api/v1/runs/:id/events'])

const ROLES: readonly Role[] = ['viewer', 'operator', 'admin']
const RANKS: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 }

interface ListedRoute {
  readonly method: string
  readonly url: string
  readonly access: Access
}

for (const databases of allDatabases()) {
  describe(`the rights of every route on ${databases.name}`, () => {
    let server: TestServer
    let routes: ListedRoute[]
    let owned: Things

    beforeEach(async () => {
      routes = []
      const databaseUrl = await databases.create()
      server = await TestServer.start({
        databaseUrl,
        onRoute: ({ method, url, config }: RouteOptions) => {
          const access = config?.access
          if (access === undefined || url.startsWith('/api/docs')) return
          for (const one of [method].flat()) if (one !== 'HEAD') routes.push({ method: one, url, access })
        },
      })
      const owner = await server.addUser('owner', 'operator')
      for (const role of ROLES) await server.addUser(role, role)
      owned = await thingsOf(server, owner)
    })
    afterEach(() => server[Symbol.asyncDispose]())
    afterAll(() => databases.stop())

    it('is known: a route about something has a row that says whose it is', () => {
      const withParameter = routes.filter(({ url, access }) => access.kind === 'user' && url.includes('/:')).map(nameOf)
      expect(withParameter.filter((name) => !(name in OWNED) && !UNOWNED.has(name) && !STREAMS.has(name))).toEqual([])
      const known = new Set(routes.map(nameOf))
      expect([...Object.keys(OWNED), ...UNOWNED, ...STREAMS].filter((name) => !known.has(name))).toEqual([])
    })

    it('nobody gets in without credentials, and agents and people not by each other’s', async () => {
      const agent = await server.services.enrolments.rotate({ id: owned.client }, SERVER_ORIGIN)
      for (const route of routes) {
        if (route.access.kind === 'public' || route.access.kind === 'own') continue
        const request = requestOf(route, owned)
        expect([nameOf(route), (await server.request(request.route, request)).statusCode]).toEqual([nameOf(route), 401])
        const wrong = await server.request(request.route, { ...request, token: 'hfs_no such token' })
        expect([nameOf(route), wrong.statusCode]).toEqual([nameOf(route), 401])
        const other = route.access.kind === 'user' ? { token: agent } : { as: 'admin' }
        expect([nameOf(route), (await server.request(request.route, { ...request, ...other })).statusCode]).toEqual([nameOf(route), 403])
      }
    })

    it.each(ROLES)('%s gets as far as the role goes, and never to what is another’s', async (role) => {
      for (const route of routes.filter(({ access, ...rest }) => access.kind === 'user' && !STREAMS.has(nameOf(rest)))) {
        if (route.access.kind !== 'user') continue
        const request = requestOf(route, owned)
        // Some of these end the session that they are called with.
        if (/\/(session|me)/.test(route.url)) await server.signIn(role)
        const { statusCode } = await server.request(request.route, { ...request, as: role })
        if (/\/(session|me)/.test(route.url)) await server.signIn(role)
        const mayCall = RANKS[role] >= RANKS[route.access.role]
        const isForeign = nameOf(route) in OWNED && role !== 'admin'
        const answer = !mayCall ? 'forbidden' : isForeign ? 'not found' : 'let through'
        expect([nameOf(route), verdictOf(statusCode, answer)]).toEqual([nameOf(route), answer])
      }
    })

    it('the owner reaches what is its own', async () => {
      // Those that remove come last.
      const order = routes.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))
      for (const route of order.filter((one) => nameOf(one) in OWNED)) {
        const things = route.method === 'DELETE' ? await thingsOf(server, owned.user, nameOf(route)) : owned
        const request = requestOf(route, things)
        const { statusCode } = await server.request(request.route, { ...request, as: 'owner' })
        // Nothing is stored behind these rows: what reads the repository fails later, and not because of rights.
        expect([nameOf(route), [401, 403].includes(statusCode)]).toEqual([nameOf(route), false])
        if (!nameOf(route).includes('/snapshots/')) expect([nameOf(route), statusCode]).not.toEqual([nameOf(route), 404])
      }
    })

    it('whatever changes something is written down, with who did it', async () => {
      const order = routes.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))
      const count = async (): Promise<number> => (await server.database.queries.selectFrom('audit_entries').select('id').execute()).length
      let written = 0
      for (const route of order.filter((one) => one.method !== 'GET' && nameOf(one) in OWNED && !CHANGING_NOTHING.has(nameOf(one)))) {
        const things = route.method === 'DELETE' ? await thingsOf(server, owned.user, nameOf(route)) : owned
        const request = requestOf(route, things)
        const before = await count()
        const { statusCode } = await server.request(request.route, { ...request, as: 'owner' })
        if (statusCode >= 300) continue
        written++
        expect([nameOf(route), (await count()) - before]).not.toEqual([nameOf(route), 0])
        const newest = await server.database.queries.selectFrom('audit_entries').selectAll().orderBy('id', 'desc').executeTakeFirstOrThrow()
        expect([nameOf(route), newest]).toMatchObject([nameOf(route), { actor: 'user owner', address: '127.0.0.1' }])
        expect(newest.action).toMatch(/^[a-z-]+\.[a-z-]+$/)
      }
      // What a run or the repository stands in the way of is refused here; the features' own tests do it.
      expect(written).toBeGreaterThan(15)
    })

    it('an API token does nothing beyond its scopes', async () => {
      const { token, hash } = newToken('api')
      const [admin] = (await server.services.accounts.list()).filter(({ username }) => username === 'admin')
      await server.database.queries
        .insertInto('api_tokens')
        .values({
          user_id: admin?.id ?? 0,
          name: 'reader',
          token_hash: hash,
          scopes: '["read"]',
          created_at: 0,
          expires_at: null,
          last_used_at: null,
        })
        .execute()
      expect((await server.request('GET /api/v1/users', { token })).statusCode).toBe(403)
      expect((await server.request('GET /api/v1/plans', { token })).statusCode).toBe(200)
      for (const route of routes.filter(({ access, ...rest }) => access.kind === 'user' && !STREAMS.has(nameOf(rest)))) {
        if (route.access.kind !== 'user' || route.access.scope === 'read') continue
        const request = requestOf(route, owned)
        const { statusCode } = await server.request(request.route, { ...request, token })
        expect([nameOf(route), statusCode]).toEqual([nameOf(route), 403])
      }
    })
  })
}

/** What a status says of rights: whoever is let through may still have sent nonsense. */
function verdictOf(status: number, expected: string): string {
  if (status === 401 || status === 403) return 'forbidden'
  if (expected === 'not found') return status === 404 ? 'not found' : `let through with ${status}`
  return 'let through'
}

function nameOf({ method, url }: Pick<ListedRoute, 'method' | 'url'>): string {
  return `${method} ${url}`
}

function requestOf(route: ListedRoute, things: Things): { readonly route: string; readonly body?: object } {
  const row = OWNED[nameOf(route)]
  const url = route.url.replaceAll(/:\w+/g, String(row === undefined ? 999_999 : things[row.id]))
  const body = row?.body?.(things)
  return { route: `${route.method} ${url}${row?.query === undefined ? '' : `?${row.query}`}`, ...(body === undefined ? {} : { body }) }
}

/** One of everything that has an owner. */
async function thingsOf(server: TestServer, ownerId: number, name = 'first'): Promise<Things> {
  const { services, database } = server
  mkdirSync(join(server.folder, 'repositories'), { recursive: true })
  const { id: repositoryId } = await services.repositories.ensureDefault()
  const client = await services.clients.createFor(ownerId, { name, settings: undefined }, SERVER_ORIGIN)
  const plan = await services.plans.createFor(client.id, { plan: { ...samplePlan(), repositoryId }, origin: SERVER_ORIGIN })
  const run = await services.runs.create({ kind: 'backup', clientId: client.id, planId: plan.id, repositoryId, trigger: 'manual' })
  const snapshot = await database.queries
    .insertInto('snapshots')
    .values({
      snapshot_id: Buffer.from(name.padEnd(32, '.')).subarray(0, 32).toString('hex'),
      repository_id: repositoryId,
      client_id: client.id,
      plan_id: plan.id,
      run_id: run.id,
      time: 0,
      tree_id: 'a'.repeat(64),
      hostname: name,
      paths: '["/home"]',
      tags: '[]',
      is_pinned: 0,
      size_bytes: null,
      file_count: null,
      added_bytes: null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const actor = { kind: 'user', userId: ownerId, username: 'owner', role: 'operator', scopes: undefined, sessionId: undefined } as const
  const channel = await services.channels.add(actor, CHANNEL as never, SERVER_ORIGIN)
  await services.accounts.login({ username: 'owner', password: TEST_PASSWORD }, { address: '', userAgent: '' })
  const [session] = await services.sessions.list(actor)
  const apiToken = await services.apiTokens.create({ ...actor, sessionId: 1 }, { name, scopes: ['read'], expiresInDays: 1 }, SERVER_ORIGIN)
  return {
    client: client.id,
    plan: plan.id,
    run: run.id,
    snapshot: snapshot.id,
    channel: channel.id,
    user: ownerId,
    session: session?.id ?? 0,
    apiToken: apiToken.id,
  }
}
