import {
  backup,
  byteStringFrom,
  byteStringOf,
  loadSnapshot,
  type OpenRepository,
  type StoredSnapshot,
  timestampFromMs,
  timestampToMs,
} from '@holdfast/engine'
import { type FolderSpec, sampleRepository, saveSample } from '@holdfast/engine/testing'
import type { Foundations, Services } from '../composition.ts'
import { ServerError } from '../errors.ts'
import { FileSearch } from '../features/search/file-search.ts'
import { IndexStore } from '../features/search/index-store.ts'
import { Indexer } from '../features/search/indexer.ts'
import { SearchStore } from '../features/search/store.ts'
import { FolderCache } from '../features/snapshots/folder-cache.ts'
import type { SnapshotRepositories } from '../features/snapshots/repositories.ts'
import { SnapshotFiles } from '../features/snapshots/snapshot-files.ts'
import { Snapshots } from '../features/snapshots/snapshots.ts'
import { SnapshotStore } from '../features/snapshots/store.ts'
import { TestServer } from './test-server.ts'

/** What the register says of a snapshot that a test makes. */
export interface LabSnapshot {
  readonly clientId?: number
  readonly planId?: number
  readonly hostname?: string
  readonly tags?: readonly string[]
  /** Milliseconds since 1970; a minute after the last one, if absent. */
  readonly time?: number
}

/** A server with one repository in memory, whose snapshots are in the register. */
export class SnapshotLab {
  readonly server: TestServer
  readonly repository: OpenRepository
  readonly repositoryId: number
  /** Set to refuse all changes, as an append-only repository does. */
  isAppendOnly = false
  /** Blobs that were read through the server. */
  blobReads = 0
  #time = Date.UTC(2026, 0, 1)

  private constructor(server: TestServer, repository: OpenRepository, repositoryId: number) {
    this.server = server
    this.repository = repository
    this.repositoryId = repositoryId
  }

  static async start(databaseUrl: string | undefined): Promise<SnapshotLab> {
    const repository = await sampleRepository()
    let lab: SnapshotLab | undefined
    const repositories: SnapshotRepositories = {
      read: async () => {
        const indexed = await repository.loadIndex()
        const readBlob = indexed.readBlob.bind(indexed)
        indexed.readBlob = (...args) => {
          if (lab !== undefined) lab.blobReads++
          return readBlob(...args)
        }
        return indexed
      },
      alter: async (_id, action) => {
        if (lab?.isAppendOnly) throw new ServerError('request.conflict', 'Cannot change the repository: it is append-only')
        await using lock = await repository.lock({ exclusive: true })
        return await action(repository, lock.signal)
      },
    }
    const server = await TestServer.start({
      databaseUrl,
      services: (composed, foundations) => servicesOn(repositories, { ...composed, ...foundations }),
    })
    const { id } = await server.database.queries
      .insertInto('repositories')
      .values({
        name: 'main',
        kind: 'local',
        location: '',
        sealed_credentials: '',
        sealed_password: '',
        is_default: 1,
        maintenance: '{}',
        statistics: null,
        created_at: 0,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    lab = new SnapshotLab(server, repository, id)
    return lab
  }

  async addClient(ownerId: number, name: string): Promise<number> {
    const row = { name, owner_id: ownerId, token_hash: null, is_local: 0, is_disabled: 0, hostname: null, platform: null, version: null }
    const { id } = await this.server.database.queries
      .insertInto('clients')
      .values({ ...row, settings: '{}', created_at: 0, last_ping_at: null, last_backup_at: null })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }

  /** Stores a snapshot of a folder; gives its id in the register. */
  async save(folder: FolderSpec, facts: LabSnapshot = {}): Promise<number> {
    this.#time = facts.time ?? this.#time + 60_000
    const { hostname = 'alpha', tags = [] } = facts
    return this.register(await saveSample(this.repository, folder, { time: timestampFromMs(this.#time), hostname, tags }), facts)
  }

  /** Backs up a real folder; gives its id in the register. */
  async backUp(folder: Buffer, facts: LabSnapshot = {}): Promise<number> {
    this.#time += 60_000
    const options = { targets: [byteStringFrom(folder)], absolutePaths: [folder.toString()], time: timestampFromMs(this.#time) }
    const { snapshotId } = await backup(await this.repository.loadIndex(), { ...options, hostname: byteStringOf('alpha') })
    if (snapshotId === undefined) throw new Error('nothing was backed up')
    return this.register(await loadSnapshot(this.repository, snapshotId), facts)
  }

  async register(snapshot: StoredSnapshot, { clientId, planId }: LabSnapshot): Promise<number> {
    const { id } = await this.server.database.queries
      .insertInto('snapshots')
      .values({
        snapshot_id: snapshot.id,
        repository_id: this.repositoryId,
        client_id: clientId ?? null,
        plan_id: planId ?? null,
        run_id: null,
        time: timestampToMs(snapshot.time),
        tree_id: snapshot.tree,
        hostname: snapshot.hostname ?? '',
        paths: JSON.stringify(snapshot.paths),
        tags: JSON.stringify(snapshot.tags ?? []),
        is_pinned: 0,
        size_bytes: null,
        file_count: null,
        added_bytes: null,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  }

  /** Brings the index of files up to date. */
  async index(): Promise<void> {
    await this.server.services.indexer.catchUp(new AbortController().signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
  }
}

function servicesOn(repositories: SnapshotRepositories, { audit, database, clock }: Services & Foundations): Partial<Services> {
  const exclusively = (action: (signal: AbortSignal) => Promise<void>): Promise<void> => action(new AbortController().signal)
  const indexer = new Indexer({ store: new IndexStore(database), clock, repositories, exclusively })
  const snapshots = new Snapshots({ store: new SnapshotStore(database.queries), repositories, audit, index: indexer })
  const snapshotFiles = new SnapshotFiles({ snapshots, repositories, folders: new FolderCache() })
  const fileSearch = new FileSearch({ store: new SearchStore(database.queries, database.kind), clock })
  return { indexer, snapshots, snapshotFiles, fileSearch }
}
