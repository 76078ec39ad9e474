import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { type Enrolled, type MaintenanceTask, planDefinitionSchema, type Run } from '@holdfast/protocol'
import { ServerError } from './errors.ts'
import type { Accounts } from './features/accounts/accounts.ts'
import { SERVER_ORIGIN } from './features/audit/audit.ts'
import type { Clients } from './features/clients/clients.ts'
import type { Enrolments } from './features/clients/enrolment.ts'
import type { ClientStore, StoredClient } from './features/clients/store.ts'
import type { MaintenanceDesk } from './features/maintenance/maintenance.ts'
import type { Plans } from './features/plans/plans.ts'
import type { Repositories } from './features/repositories/repositories.ts'
import type { Runs } from './features/runs/runs.ts'
import type { UserActor } from './http/actor.ts'

const DAILY = '0 3 * * *'
/** A first backup may be long; a day has room for those that start at once. */
const JITTER_SECONDS = 600

export interface LocalMachineOptions {
  readonly accounts: Accounts
  readonly clients: Clients
  readonly clientStore: ClientStore
  readonly enrolments: Enrolments
  readonly maintenance: Pick<MaintenanceDesk, 'get' | 'request'>
  readonly plans: Plans
  readonly repositories: Repositories
  readonly runs: Runs
}

/** A repository in the data folder whose password its maker knows. */
export interface OwnRepository {
  readonly location: string
  readonly password: string
}

/** The machine that the server itself runs on, as one of its clients. It is the first administrator's. */
export class LocalMachine {
  readonly #options: LocalMachineOptions

  constructor(options: LocalMachineOptions) {
    this.#options = options
  }

  /** Whether the machine is a client. */
  async isClient(): Promise<boolean> {
    return (await this.clientId()) !== null
  }

  /** The number of its client; null while it is none. */
  async clientId(): Promise<number | null> {
    return (await this.#options.clientStore.find({ isLocal: true }))?.id ?? null
  }

  /** Brings the machine in; a token that it had ends. */
  async enrol(): Promise<Enrolled> {
    const client = await this.#client()
    const token = await this.#options.enrolments.rotate(client, SERVER_ORIGIN)
    return { clientId: client.id, clientName: client.name, token, pagePath: `/clients/${client.id}` }
  }

  /** Makes a repository the one of plans that name none, unless there is one. */
  async adoptDefault({ location, password }: OwnRepository): Promise<void> {
    const { repositories } = this.#options
    if (await repositories.hasDefault()) return
    await repositories.add({ name: 'default', location, password, credentials: {}, mode: 'adopt', isDefault: true }, SERVER_ORIGIN)
  }

  /** Protects folders from now on, daily, and begins with a backup at once. */
  async protect(folders: readonly string[]): Promise<Run> {
    const { plans } = this.#options
    const actor = await this.#owner()
    const client = await this.#client()
    const existing = (await plans.list(actor, client.id)).find(({ selection }) => isSame(selection.paths, folders))
    const plan = existing ?? (await this.#addPlan(client, folders))
    return plans.runNow(actor, plan.id, SERVER_ORIGIN)
  }

  /** How a run is. @throws {ServerError} `not-found` */
  async run(id: number): Promise<Run> {
    return this.#options.runs.get(await this.#owner(), id)
  }

  /** Has a repository checked as soon as possible. @throws {ServerError} `not-found`, `request.conflict` where only clients have the key */
  async askForCheck(repositoryId: number): Promise<void> {
    await this.#options.maintenance.request(repositoryId, { kind: 'check', dryRun: false, readAll: false }, SERVER_ORIGIN)
  }

  /** What the last check of a repository came to, or that one is still to end. */
  async check(repositoryId: number): Promise<MaintenanceTask | undefined> {
    return (await this.#options.maintenance.get(repositoryId)).tasks.find(({ kind }) => kind === 'check')
  }

  async #addPlan(client: StoredClient, folders: readonly string[]): Promise<{ readonly id: number }> {
    const { plans, repositories } = this.#options
    const { id: repositoryId } = await repositories.ensureDefault()
    const definition = planDefinitionSchema.parse({
      selection: { paths: folders },
      schedule: {
        cron: DAILY,
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        jitterSeconds: JITTER_SECONDS,
        catchUp: true,
      },
    })
    const name = folders.map((folder) => basename(folder) || folder).join(', ')
    const plan = { ...definition, name: name.slice(0, 100), repositoryId, isEnabled: true }
    return plans.createFor(client.id, { plan, origin: SERVER_ORIGIN })
  }

  async #client(): Promise<StoredClient> {
    const { clientStore, clients } = this.#options
    const existing = await clientStore.find({ isLocal: true })
    if (existing !== undefined) return existing
    const { userId } = await this.#owner()
    return clients.createFor(userId, { name: hostname() || 'server', settings: undefined, isLocal: true }, SERVER_ORIGIN)
  }

  async #owner(): Promise<UserActor> {
    const users = await this.#options.accounts.list()
    const administrator = users.filter(({ role }) => role === 'admin').toSorted((a, b) => a.id - b.id)[0]
    if (administrator === undefined) throw new ServerError('server.unavailable', 'Cannot protect this machine: there is no administrator')
    const { id, username, role } = administrator
    return { kind: 'user', userId: id, username, role, scopes: undefined, sessionId: undefined }
  }
}

/** Where the embedded default keeps its repository, and the file with its password. */
export function ownRepositoryFiles(dataFolder: string): { readonly repository: string; readonly password: string } {
  return { repository: join(dataFolder, 'repository'), password: join(dataFolder, 'repository-password') }
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((path) => other.includes(path))
}
