import { Readable } from 'node:stream'
import { byteStringOf, type Clock } from '@holdfast/engine'
import {
  type ClientSettings,
  clientSettingsSchema,
  hooksSchema,
  type Login,
  type LogLevel,
  type NewUser,
  type User,
} from '@holdfast/protocol'
import type { FastifyRequest } from 'fastify'
import { isServerError, notFound, ServerError } from '../../errors.ts'
import type { Accounts } from '../../features/accounts/accounts.ts'
import type { Visitor } from '../../features/accounts/sessions.ts'
import type { Audit, Origin } from '../../features/audit/audit.ts'
import type { AgentTokens } from '../../features/clients/agent-tokens.ts'
import type { ClientLogs } from '../../features/clients/client-logs.ts'
import type { Clients } from '../../features/clients/clients.ts'
import type { Enrolments } from '../../features/clients/enrolment.ts'
import type { ClientStore, StoredClient } from '../../features/clients/store.ts'
import type { SnapshotFiles } from '../../features/snapshots/snapshot-files.ts'
import { addressOf } from '../../features/snapshots/snapshot-path.ts'
import type { Actor, UserActor } from '../../http/actor.ts'
import { sizeInWords } from '../../size-words.ts'
import { snapshotPathOf } from './batch-upload.ts'
import { readBySchema } from './read-by-schema.ts'
import type { Spool, SpooledFile } from './spool.ts'
import type { ServiceStore, StoredFile } from './store.ts'
import { type ServiceTasks, serviceTime } from './tasks.ts'

/** How often a file is looked for that is not where it was a moment ago. */
const READ_ATTEMPTS = 3
/** A program that was heard of within this time is at work: it says so every five minutes. */
const AT_WORK_MS = 15 * 60_000

/** A client of the Backup Service, which is a client like any other. */
export type ServiceClient = StoredClient

export interface BackupServiceOptions {
  readonly store: ServiceStore
  readonly spool: Spool
  readonly tasks: ServiceTasks
  readonly accounts: Accounts
  readonly audit: Pick<Audit, 'list'>
  readonly clients: Clients
  readonly clientStore: ClientStore
  readonly clientLogs: ClientLogs
  readonly enrolments: Enrolments
  readonly agentTokens: AgentTokens
  readonly snapshotFiles: SnapshotFiles
  readonly clock: Clock
  /** Who is behind a bearer token. */
  readonly authenticate: (token: string) => Promise<Actor | undefined>
}

/** What the Backup Service did, on the server's own services: its clients are clients, its tasks plans, its files lie in snapshots. */
export class BackupService {
  readonly spool: Spool
  readonly tasks: ServiceTasks
  readonly #options: BackupServiceOptions

  constructor(options: BackupServiceOptions) {
    this.#options = options
    this.spool = options.spool
    this.tasks = options.tasks
  }

  /** A token that stands for the user. @throws {ServerError} `auth.failed` and its like */
  async login(login: Login, visitor: Visitor): Promise<string> {
    return (await this.#options.accounts.login(login, visitor)).token
  }

  addUser(user: NewUser, origin: Origin): Promise<User> {
    return this.#options.accounts.create(user, origin)
  }

  /** Adds a client, or gives one of that name a new token: a client program that starts again registers again. */
  async registerClient(
    { name, ownerId }: { readonly name: string; readonly ownerId: number },
    origin: Origin,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { accounts, clients, enrolments } = this.#options
    await accounts.get(ownerId)
    const { free, existing } = await this.#nameFor({ name, ownerId }, origin)
    const client = existing ?? (await clients.createFor(ownerId, { name: free, settings: undefined }, origin))
    const token = await enrolments.rotate(client, origin)
    return {
      id: client.id,
      name: client.name,
      token,
      owner_id: client.owner_id,
      last_ping: serviceTime(client.last_ping_at),
      last_backup: serviceTime(client.last_backup_at),
      pre_commands: this.preCommands(client).join('\n') || null,
    }
  }

  /**
   * The client of a name that a program may take over as it starts again, or a name that is free: names were no property of one machine.
   * What belongs to an agent, or to a program that is at work on another machine, keeps its token, and with it its backups.
   */
  async #nameFor(
    { name, ownerId }: { readonly name: string; readonly ownerId: number },
    { address }: Origin,
  ): Promise<{ readonly free: string; readonly existing: ServiceClient | undefined }> {
    const { clientStore } = this.#options
    for (let number = 1; ; number++) {
      const free = number === 1 ? name : `${name} (${number})`
      const existing = await clientStore.find({ name: free, ownerId })
      if (existing === undefined || !(await this.#isOfAnother(existing, address))) return { free, existing }
    }
  }

  async #isOfAnother({ id, version, is_local, last_ping_at }: ServiceClient, address: string): Promise<boolean> {
    const { audit, clock } = this.#options
    if (version !== null || is_local === 1) return true
    if (last_ping_at === null || clock.now() - last_ping_at > AT_WORK_MS) return false
    const { entries } = await audit.list({ limit: 1, action: 'client.token-rotated', subject: `client ${id}` })
    return entries.some((registered) => registered.address !== address)
  }

  /** The client whose token it is. @throws {ServerError} `not-found`, `client.disabled` */
  async clientOf(token: string, address: string): Promise<ServiceClient> {
    const { agentTokens, clients } = this.#options
    const agent = await agentTokens.actorOf(token, address)
    if (agent === undefined) throw new ServerError('not-found', 'Client not found')
    return clients.byId(agent.clientId)
  }

  /** A client by its number, for administrators. @throws {ServerError} `auth.required`, `auth.forbidden`, `not-found` */
  async administered(request: FastifyRequest, clientId: number): Promise<ServiceClient> {
    const { authenticate, clients } = this.#options
    const token = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const actor = request.actor ?? (token === undefined ? undefined : await authenticate(token))
    if (actor?.kind !== 'user') throw new ServerError('auth.required', 'Not authenticated')
    const hasScope = actor.scopes === undefined || actor.scopes.includes('admin')
    if (actor.role !== 'admin' || !hasScope) throw new ServerError('auth.forbidden', 'Not enough permissions')
    return clients.visible(actor, clientId)
  }

  /** The owner of a client, on whose behalf its token acts. */
  async ownerOf({ owner_id }: ServiceClient): Promise<UserActor> {
    const { id, username, role } = await this.#options.accounts.get(owner_id)
    return { kind: 'user', userId: id, username, role, scopes: undefined, sessionId: undefined }
  }

  async heard({ id }: ServiceClient): Promise<void> {
    await this.#options.enrolments.heard(id, undefined)
  }

  async log({ id }: ServiceClient, { level, message }: { readonly level: LogLevel; readonly message: string }): Promise<void> {
    const { clientLogs, clock } = this.#options
    await clientLogs.add(id, [{ at: new Date(clock.now()).toISOString(), level, message }])
  }

  /** The bytes that a client may still bring. @throws {ServerError} `quota.exceeded` when there are none */
  async roomFor(client: ServiceClient): Promise<number> {
    const { quotaBytes } = settingsOf(client)
    if (quotaBytes === null) return Number.POSITIVE_INFINITY
    const roomBytes = quotaBytes - (await this.#options.store.takenBytes(client.id))
    if (roomBytes <= 0) throw quotaExceeded(client)
    return roomBytes
  }

  /** Notes a file that is safe in the spool: a snapshot with it is made soon. @throws {ServerError} `quota.exceeded` */
  async addFile(
    client: ServiceClient,
    file: {
      readonly path: string
      readonly spooled: SpooledFile
      readonly retention: { readonly days: number | null; readonly versions: number | null }
    },
  ): Promise<StoredFile> {
    const { store, clock } = this.#options
    const { path, spooled, retention } = file
    const row = {
      client_id: client.id,
      path,
      uploaded_at: clock.now(),
      size_bytes: spooled.sizeBytes,
      file_hash: spooled.hash,
      retention_days: retention.days,
      retention_versions: retention.versions,
      spool_path: spooled.path,
      register_id: null,
    }
    const added = await store.addFile(row, settingsOf(client))
    if (added === undefined) throw quotaExceeded(client)
    return added
  }

  files({ id }: ServiceClient): Promise<StoredFile[]> {
    return this.#options.store.files(id)
  }

  /** A version of a file. @throws {ServerError} `not-found`, `server.unavailable` while another server has it */
  async content(client: ServiceClient, backupId: number): Promise<{ readonly file: StoredFile; readonly content: Readable }> {
    const { store } = this.#options
    for (let attempt = 1; ; attempt++) {
      const file = await store.findFile(client.id, backupId)
      if (file === undefined) throw notFound(`the backup ${backupId}`)
      const content = await this.#read(client, file)
      if (content !== undefined) return { file, content }
      // It may have moved at this moment, from the spool or from one snapshot to another.
      if (attempt < READ_ATTEMPTS) continue
      if (file.spool_path === null) throw notFound(`the backup ${backupId}`)
      throw new ServerError('server.unavailable', 'The file is on its way', { retryAfterSeconds: 5 })
    }
  }

  async replaceListing({ id }: ServiceClient, entries: Parameters<ServiceStore['replaceListing']>[1]): Promise<void> {
    await this.#options.store.replaceListing(id, entries)
  }

  listing({ id }: ServiceClient): ReturnType<ServiceStore['listing']> {
    return this.#options.store.listing(id)
  }

  preCommands(client: ServiceClient): string[] {
    return settingsOf(client).hooks.pre.map(({ line }) => line)
  }

  /** @throws {ServerError} `request.invalid` */
  async setPreCommands(client: ServiceClient, lines: readonly string[], origin: Origin): Promise<void> {
    const pre = lines.map((line) => ({ line, timeoutSeconds: 3600 }))
    const hooks = readBySchema(hooksSchema, { ...settingsOf(client).hooks, pre })
    await this.#options.clients.change(await this.ownerOf(client), { id: client.id, changes: { settings: { hooks } } }, origin)
  }

  /** Undefined when the file is not where it should be. */
  async #read(client: ServiceClient, { path, spool_path, register_id }: StoredFile): Promise<Readable | undefined> {
    const { spool, snapshotFiles } = this.#options
    if (spool_path !== null) return spool.read(spool_path)
    try {
      const found = await snapshotFiles.file(await this.ownerOf(client), register_id ?? 0, addressOf(byteStringOf(snapshotPathOf(path))))
      return Readable.from(found.read({ signal: new AbortController().signal }))
    } catch (error) {
      if (isServerError(error, 'not-found')) return undefined
      throw error
    }
  }
}

function quotaExceeded(client: ServiceClient): ServerError {
  const { quotaBytes } = settingsOf(client)
  return new ServerError(
    'quota.exceeded',
    `Cannot take the file: ${client.name} would take up more than the ${sizeInWords(quotaBytes ?? 0)} that it may have`,
  )
}

function settingsOf({ settings }: ServiceClient): ClientSettings {
  return clientSettingsSchema.parse(JSON.parse(settings))
}
