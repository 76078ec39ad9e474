import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, secureRandom, systemClock } from '@holdfast/engine'
import type { Role } from '@holdfast/protocol'
import type { InjectOptions, LightMyRequestResponse, RouteOptions } from 'fastify'
import { buildApp } from '../app.ts'
import { composeServices, type Foundations, type Services } from '../composition.ts'
import { loadSettings, type Settings } from '../config/settings.ts'
import { type Database, openDatabase } from '../db/database.ts'
import { migrate } from '../db/migrate.ts'
import { SERVER_ORIGIN } from '../features/audit/audit.ts'
import type { App } from '../http/app-type.ts'
import { SecretBox } from '../secrets/secret-box.ts'
import { startPostgres, type TestPostgres } from './postgres.ts'

/** The password of every user that tests make. */
export const TEST_PASSWORD = 'correct horse battery'

export interface TestServerOptions {
  /** A SQLite file in the server's folder when it is not given. */
  readonly databaseUrl?: string | undefined
  readonly clock?: Clock
  readonly settings?: Partial<Settings>
  /** Those of another server, to be one installation with it. */
  readonly secrets?: SecretBox
  /** Told of every route that there is. */
  readonly onRoute?: (route: RouteOptions) => void
  /** Services that take the place of those the server is composed of. */
  readonly services?: (composed: Services, foundations: Foundations) => Partial<Services>
}

/** A request as tests send it: as a user that was signed in before, or with a token, or as nobody. */
export interface TestRequest {
  readonly as?: string
  readonly token?: string
  readonly body?: InjectOptions['payload']
  readonly headers?: Readonly<Record<string, string>>
}

/** A whole server on a database of its own, called without a network. */
export class TestServer {
  readonly folder: string
  readonly app: App
  readonly services: Services
  readonly database: Database
  readonly settings: Settings
  readonly #sessions = new Map<string, string>()

  private constructor(folder: string, parts: Pick<TestServer, 'app' | 'services' | 'database' | 'settings'>) {
    this.folder = folder
    this.app = parts.app
    this.services = parts.services
    this.database = parts.database
    this.settings = parts.settings
  }

  static async start(options: TestServerOptions = {}): Promise<TestServer> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-server-'))
    const settings = { ...loadSettings({ environment: { HOLDFAST_DATA: folder }, folder }), ...options.settings }
    const clock = options.clock ?? systemClock
    const database = openDatabase(options.databaseUrl ?? `sqlite:${join(folder, 'holdfast.db')}`)
    await migrate(database, { clock })
    const foundations = { settings, database, clock, secrets: options.secrets ?? new SecretBox(secureRandom(32)) }
    const composed = composeServices(foundations)
    const services = { ...composed, ...options.services?.(composed, foundations) }
    const { onRoute } = options
    const app = await buildApp({ foundations, services, ...(onRoute === undefined ? {} : { onRoute }) })
    return new TestServer(folder, { app, services, database, settings })
  }

  /** Makes a user and signs in; later requests name it by `as`. Gives its id. */
  async addUser(username: string, role: Role): Promise<number> {
    const { id } = await this.services.accounts.create({ username, password: TEST_PASSWORD, role, retention: null }, SERVER_ORIGIN)
    await this.signIn(username)
    return id
  }

  /** Signs a user in that {@link addUser} has made; requests use the new session from then on. */
  async signIn(username: string): Promise<void> {
    const { token } = await this.services.accounts.login({ username, password: TEST_PASSWORD }, { address: '192.0.2.1', userAgent: 'test' })
    this.#sessions.set(username, token)
  }

  /** Sends a request, `GET /api/v1/users` say. */
  async request(route: string, { as, token, body, headers }: TestRequest = {}): Promise<LightMyRequestResponse> {
    const [method = 'GET', url = '/'] = route.split(' ')
    const bearer = token ?? (as === undefined ? undefined : this.#sessions.get(as))
    if (as !== undefined && bearer === undefined) throw new Error(`${as} is not signed in`)
    return this.app.inject({
      method: method as 'GET',
      url,
      ...(body === undefined ? {} : { payload: body }),
      headers: { ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }), ...headers },
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close()
    for (const work of this.services.background.toReversed()) await work.stop()
    await this.database.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A kind of database that server tests run on. */
export interface TestDatabases {
  readonly name: 'SQLite' | 'PostgreSQL'
  /** A URL for {@link TestServerOptions.databaseUrl}; undefined stands for SQLite in the server's folder. */
  create(): Promise<string | undefined>
  stop(): Promise<void>
}

/** Both kinds: `for (const databases of allDatabases()) describe(databases.name, …)`. PostgreSQL is started by the first use. */
export function allDatabases(): readonly TestDatabases[] {
  let postgres: Promise<TestPostgres> | undefined
  return [
    { name: 'SQLite', create: async () => undefined, stop: async () => undefined },
    {
      name: 'PostgreSQL',
      async create() {
        postgres ??= startPostgres()
        return (await postgres).createDatabase()
      },
      stop: async () => (await postgres)?.stop(),
    },
  ]
}
