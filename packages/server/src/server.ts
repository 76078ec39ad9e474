import { chmod, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type Clock, makeFolders, messageOf, secureRandom, systemClock } from '@holdfast/engine'
import type { Logger } from 'pino'
import { buildApp } from './app.ts'
import { composeServices, type Foundations, type Services } from './composition.ts'
import { loadMasterKey } from './config/master-key.ts'
import type { Settings } from './config/settings.ts'
import { openDatabase } from './db/database.ts'
import { migrate } from './db/migrate.ts'
import { ServerError } from './errors.ts'
import type { LocalAgentProgram } from './features/setup/local-agent.ts'
import type { App } from './http/app-type.ts'
import type { LocalMachine } from './local-machine.ts'
import { makeLogger } from './logger.ts'
import { SecretBox } from './secrets/secret-box.ts'

/** How long requests that are under way, uploads above all, may take to finish when the server is told to stop. */
const GRACE_MS = 60_000
const PASSWORD_BYTES = 15

/** What is worth telling the person who started the server. */
export interface ServerAnnouncement {
  /** Where it can be reached. */
  readonly url: string
  /** Of the first administrator, when there was none and no password was set: said once, kept nowhere. */
  readonly firstLogin: { readonly username: string; readonly password: string } | undefined
}

export interface StartServerOptions {
  readonly settings: Settings
  readonly clock?: Clock
  /** Where log lines go; nowhere when the level is `silent`. */
  readonly logger?: Logger
  /** The agent of this machine, for when the machine is to be protected as well. */
  readonly localAgent?: LocalAgentProgram
}

/** A server that listens. */
export interface RunningServer extends ServerAnnouncement {
  /** The machine that the server runs on, as a client of its own. */
  readonly localMachine: LocalMachine
  /** Where the server can be reached from this machine without a certificate. */
  readonly loopbackUrl: string
  /**
   * Starts the agent of this machine, as one of the server's clients, until the server stops. Safe to call twice.
   * @throws {ServerError} `request.conflict` when none was given.
   */
  startLocalAgent(): Promise<void>
  /** Takes no more requests, lets those under way finish, and closes everything. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts the server: master key, database with its migrations, first administrator, services, HTTP.
 * @throws {ServerError} `settings.invalid`, `database.schema`; what was opened is closed again.
 */
export async function startServer({
  settings,
  clock = systemClock,
  logger = makeLogger(settings),
  localAgent: program,
}: StartServerOptions): Promise<RunningServer> {
  await using stack = new AsyncDisposableStack()
  const foundations = await openFoundations(settings, { clock, logger })
  stack.defer(() => foundations.database.close())
  const services = composeServices(foundations)
  for (const work of services.background) stack.defer(() => work.stop())
  const firstLogin = await ensureAdministrator(services, settings)
  const https = await readCertificate(settings)
  const app = await buildApp({ foundations, services, logger, ...(https === undefined ? {} : { https }) })
  stack.defer(() => closeWithin(app, { clock, logger }))
  const address = await listen(app, settings)
  services.writers.start(settings.internalUrl === '' ? address : settings.internalUrl)
  const loopbackUrl = https === undefined ? address : await listenAside(app, stack)
  for (const work of services.background) work.start()
  const { localMachine, localAgent } = services
  localAgent.open({ program, serverUrl: loopbackUrl, isAlone: settings.databaseUrl === '' })
  stack.use(localAgent)
  const opened = stack.move()
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= opened.disposeAsync()
    return stopped
  }
  const url = settings.publicUrl === '' ? address : settings.publicUrl
  return { url, firstLogin, loopbackUrl, localMachine, startLocalAgent: () => localAgent.start(), stop }
}

async function openFoundations(
  settings: Settings,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Foundations> {
  await makeFolders(settings.data, 0o700)
  const secrets = new SecretBox(await loadMasterKey(settings))
  const file = join(settings.data, 'holdfast.db')
  const database = openDatabase(settings.databaseUrl === '' ? `sqlite:${file}` : settings.databaseUrl)
  try {
    const steps = await migrate(database, { clock })
    if (steps.length > 0) logger.info({ steps }, 'the schema of the database is up to date now')
    if (settings.databaseUrl === '') await chmod(file, 0o600)
  } catch (error) {
    await database.close()
    if (error instanceof ServerError) throw error
    throw new ServerError('server.unavailable', `Cannot use the database: ${messageOf(error)}`, { cause: error })
  }
  return { settings, database, clock, secrets, logger }
}

async function ensureAdministrator({ accounts }: Services, settings: Settings): Promise<ServerAnnouncement['firstLogin']> {
  const username = settings.adminUsername
  const generated = secureRandom(PASSWORD_BYTES).toString('base64url')
  const password = settings.adminPassword === '' ? generated : settings.adminPassword
  const isGenerated = settings.adminPassword === ''
  const isNew = await accounts.ensureAdministrator({ username, password, isGenerated })
  return isNew && isGenerated ? { username, password } : undefined
}

async function readCertificate({ tlsCertificate, tlsKey }: Settings): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (tlsCertificate === '' && tlsKey === '') return undefined
  if (tlsCertificate === '' || tlsKey === '') {
    throw new ServerError('settings.invalid', 'Cannot speak HTTPS: certificate and key must be set both')
  }
  try {
    return { cert: await readFile(tlsCertificate), key: await readFile(tlsKey) }
  } catch (cause) {
    throw new ServerError('settings.invalid', `Cannot read the TLS certificate or its key: ${messageOf(cause)}`, { cause })
  }
}

async function listen(app: App, { host, port }: Settings): Promise<string> {
  try {
    const address = await app.listen({ host, port })
    return address.replace(/\/\/(0\.0\.0\.0|\[::\])/, '//localhost')
  } catch (cause) {
    throw new ServerError('settings.invalid', `Cannot listen on ${host}, port ${port}: ${messageOf(cause)}`, { cause })
  }
}

/** For the agent of this machine where everybody else needs a certificate that fits the name by which the server is known. */
async function listenAside(app: App, stack: AsyncDisposableStack): Promise<string> {
  const aside = createServer((request, response) => app.routing(request, response))
  stack.defer(async () => {
    aside.closeAllConnections()
    await new Promise((resolve) => aside.close(resolve))
  })
  await new Promise<void>((resolve, reject) => {
    aside.once('error', reject)
    aside.listen({ host: '127.0.0.1', port: 0 }, resolve)
  })
  return `http://127.0.0.1:${(aside.address() as AddressInfo).port}`
}

async function closeWithin(app: App, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }): Promise<void> {
  const limit = new AbortController()
  const late = clock.sleep(GRACE_MS, limit.signal).then(
    () => {
      logger.warn('requests that did not finish in time are cut off')
      app.server.closeAllConnections()
    },
    () => undefined,
  )
  await app.close()
  limit.abort()
  await late
}
