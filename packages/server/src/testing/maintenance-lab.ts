import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  initRepository,
  loadSnapshots,
  type OpenRepository,
  openStorage,
  parseLocation,
  type SnapshotId,
  type StoredSnapshot,
  timestampFromMs,
} from '@holdfast/engine'
import { ManualClock, saveSample } from '@holdfast/engine/testing'
import type { Maintenance, Run } from '@holdfast/protocol'
import type { LightMyRequestResponse } from 'fastify'
import { composeServices, type Foundations, type Services } from '../composition.ts'
import { addClientRow } from './sample-plans.ts'
import { TestServer } from './test-server.ts'

/** The password of the lab's repository. */
export const LAB_PASSWORD = 'correct horse'
export const DAY_MS = 86_400_000
/** A Saturday, the day before anything is due. */
const START_MS = Date.parse('2026-01-03T12:00:00Z')

/** What the register says of a snapshot that a test makes. */
export interface OldSnapshot {
  readonly ageDays: number
  readonly clientId?: number
  readonly planId?: number
  readonly isPinned?: boolean
}

/** A server with one repository in a folder, an administrator `root`, and a clock that tests move. */
export class MaintenanceLab {
  readonly server: TestServer
  readonly clock: ManualClock
  readonly location: string
  readonly repositoryId: number
  readonly ownerId: number
  readonly #foundations: Foundations
  #opened: Promise<OpenRepository> | undefined

  private constructor(parts: Pick<MaintenanceLab, 'server' | 'clock' | 'location' | 'repositoryId' | 'ownerId'>, foundations: Foundations) {
    this.server = parts.server
    this.clock = parts.clock
    this.location = parts.location
    this.repositoryId = parts.repositoryId
    this.ownerId = parts.ownerId
    this.#foundations = foundations
  }

  static async start(databaseUrl: string | undefined): Promise<MaintenanceLab> {
    const clock = new ManualClock(START_MS)
    const given: Foundations[] = []
    const services = (_composed: Services, foundations: Foundations): object => {
      given.push(foundations)
      return {}
    }
    const server = await TestServer.start({ clock, services, databaseUrl })
    const [foundations] = given
    if (foundations === undefined) throw new Error('the server was composed of nothing')
    const ownerId = await server.addUser('root', 'admin')
    const location = join(server.folder, 'main')
    // Its key is derived at the least cost: each task does that.
    const storage = await openStorage(parseLocation(location), {})
    await initRepository(storage, { password: LAB_PASSWORD, cost: { N: 2, r: 8, p: 1 } })
    await storage.close()
    const body = { name: 'main', location, mode: 'adopt', password: LAB_PASSWORD }
    const added = await server.request('POST /api/v1/repositories', { as: 'root', body })
    return new MaintenanceLab({ server, clock, location, repositoryId: added.json().id, ownerId }, foundations)
  }

  /** Another process on the same database. */
  anotherProcess(): Services {
    return composeServices(this.#foundations)
  }

  /** Has a process do all that is due now. */
  async work({ keeper }: Pick<Services, 'keeper'> = this.server.services): Promise<void> {
    for (let round = 0; round < 5; round++) {
      await keeper.look()
      await keeper.settled()
    }
  }

  /** Moves the clock. */
  later(durationMs: number): void {
    this.clock.advance(durationMs)
  }

  /** Sends a request about the repository, `GET /maintenance` say, as the administrator. */
  request(route: string, body?: object): Promise<LightMyRequestResponse> {
    const [method, suffix = ''] = route.split(' ')
    return this.#ask(`${method} /api/v1/repositories/${this.repositoryId}${suffix}`, body)
  }

  async maintenance(): Promise<Maintenance> {
    return (await this.request('GET /maintenance')).json() as Maintenance
  }

  /** Prunes and checks, newest first. */
  async runs(): Promise<readonly Run[]> {
    const answer = await this.#ask(`GET /api/v1/runs?repositoryId=${this.repositoryId}&kind=maintenance,check`)
    return (answer.json() as { readonly items: readonly Run[] }).items
  }

  async logOf({ id }: Pick<Run, 'id'>): Promise<string> {
    const answer = await this.#ask(`GET /api/v1/runs/${id}/log`)
    return (answer.json() as { items: { message: string }[] }).items.map(({ message }) => message).join('\n')
  }

  /** Adds a client whose settings have this retention. */
  addClient(name: string, retention: object | null): Promise<number> {
    const settings = { retention, hooks: { pre: [], post: [], onFailure: [] }, limits: { blackouts: [] } }
    return addClientRow(this.server.database, { name, ownerId: this.ownerId, settings })
  }

  /** The repository as the server opens it, kept open as deriving its key takes long. */
  open(): Promise<OpenRepository> {
    this.#opened ??= this.server.services.repositories.open(this.repositoryId)
    return this.#opened
  }

  /** Stores a snapshot of a file with this text, and registers it. */
  async save(text: string, snapshot: OldSnapshot): Promise<SnapshotId> {
    const timeMs = this.clock.now() - snapshot.ageDays * DAY_MS
    const stored = await saveSample(await this.open(), { file: text.repeat(2000) }, { time: timestampFromMs(timeMs) })
    await this.#register(stored, { ...snapshot, timeMs })
    return stored.id
  }

  /** The snapshots of the repository, oldest first. */
  async present(): Promise<readonly SnapshotId[]> {
    return (await loadSnapshots(await this.open())).map(({ id }) => id)
  }

  /** The snapshots of the register, oldest first. */
  async registered(): Promise<readonly string[]> {
    const rows = await this.server.database.queries.selectFrom('snapshots').select('snapshot_id').orderBy('time').execute()
    return rows.map(({ snapshot_id }) => snapshot_id)
  }

  /** Paths of all packs. */
  packs(): readonly string[] {
    const data = join(this.location, 'data')
    return readdirSync(data).flatMap((folder) => readdirSync(join(data, folder)).map((name) => join(data, folder, name)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#opened)?.storage.close()
    await this.server[Symbol.asyncDispose]()
  }

  /** Sessions end when the clock is moved far. */
  async #ask(route: string, body?: object): Promise<LightMyRequestResponse> {
    const request = { as: 'root', ...(body === undefined ? {} : { body }) }
    const answer = await this.server.request(route, request)
    if (answer.statusCode !== 401) return answer
    await this.server.signIn('root')
    return this.server.request(route, request)
  }

  async #register({ id, tree, paths }: StoredSnapshot, snapshot: OldSnapshot & { readonly timeMs: number }): Promise<void> {
    const { clientId = null, planId = null, isPinned = false, timeMs } = snapshot
    await this.server.database.queries
      .insertInto('snapshots')
      .values({
        ...{ snapshot_id: id, repository_id: this.repositoryId, client_id: clientId, plan_id: planId, run_id: null },
        ...{ time: timeMs, tree_id: tree, hostname: 'alpha', paths: JSON.stringify(paths), tags: '[]' },
        ...{ is_pinned: isPinned ? 1 : 0, size_bytes: null, file_count: null, added_bytes: null },
      })
      .execute()
  }
}
