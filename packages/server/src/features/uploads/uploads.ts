import {
  type BlobId,
  type Clock,
  type Snapshot,
  type SnapshotId,
  type SnapshotSummary,
  saveSnapshot,
  secureRandom,
  type Timestamp,
  timestampFromMs,
  timestampToMs,
} from '@holdfast/engine'
import type { CommitUpload, OpenUpload, UploadOpened } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import type { HostedRepository, HostUse, RepositoryHosts } from '../repositories/repository-host.ts'
import { treesWithDescendants } from './parent-trees.ts'
import type { RoomStore } from './room-store.ts'
import type { ParentSnapshot, UploadOwner, UploadStore } from './store.ts'
import { UploadRoom } from './upload-room.ts'
import { type UploadLedger, UploadSession } from './upload-session.ts'

/** A client on whose behalf something is uploaded, as the server knows it. */
export interface UploadClient extends UploadOwner {
  /** What its snapshots say as their host. */
  readonly clientName: string
  /** What they say as their user. */
  readonly username: string
  readonly planId: number | null
  readonly runId: number | null
}

export interface UploadsOptions {
  readonly hosts: RepositoryHosts
  readonly store: UploadStore
  readonly rooms: RoomStore
  readonly clock: Clock
}

interface Upload {
  readonly client: UploadClient
  readonly session: UploadSession
  /** Undefined where nothing is counted: what is uploaded was counted when the server took it. */
  readonly room: UploadRoom | undefined
  readonly use: HostUse
  lastCallMs: number
  /** Calls that run. */
  calls: number
  commit: Promise<SnapshotId> | undefined
}

/** An upload of which nothing is heard for so long ends. */
const IDLE_MS = 15 * 60_000
const LOOK_EVERY_MS = 30_000
/** Uploads that one client may have open: one is at work, others were broken off and will never be heard of again. */
const UPLOADS_PER_CLIENT = 4
const UPLOADS_MAX = 500
/** A snapshot's time may differ from the server's clock by so much; beyond that the server's counts. */
const CLOCK_SKEW_MS = 24 * 60 * 60_000

/** All uploads that are under way in this process. They are lost with it: what they have brought is then shown instead of sent again. */
export class Uploads {
  readonly #options: UploadsOptions
  readonly #uploads = new Map<string, Upload>()
  readonly #stopLooking: () => void
  /** Repositories that were compared with what is noted of them, since they were opened. */
  readonly #compared = new WeakMap<HostedRepository, Promise<void>>()

  constructor(options: UploadsOptions) {
    this.#options = options
    this.#stopLooking = options.clock.every(LOOK_EVERY_MS, () => this.#endIdle())
  }

  /** How many are open. */
  get count(): number {
    return this.#uploads.size
  }

  /** Whether an upload is under way in this process. */
  has(uploadId: string): boolean {
    return this.#uploads.has(uploadId)
  }

  /** Begins an upload. @throws {ServerError} `server.unavailable` while the repository is maintained, `request.too-many`. */
  async open(client: UploadClient, { paths }: Pick<OpenUpload, 'paths'>): Promise<UploadOpened> {
    this.#makeRoom(client)
    const { hosts, store, clock } = this.#options
    const use = await hosts.of(client.repositoryId).use()
    try {
      const { indexed } = use.hosted
      await this.#forgetWhatIsLost(use.hosted, client.repositoryId)
      const ledger = ledgerOf(use.hosted, { store, client })
      const candidates = await store.parents(client, paths)
      const parent = candidates.find(({ treeId }) => indexed.index.find('tree', treeId as BlobId) !== undefined)
      const uploadId = secureRandom(16).toString('hex')
      const room = client.runId === null ? undefined : await this.#roomOf(client, uploadId)
      const session = new UploadSession(use.hosted, { ledger, room })
      this.#uploads.set(uploadId, { client, session, room, use, lastCallMs: clock.now(), calls: 0, commit: undefined })
      return {
        uploadId,
        chunkerPolynomial: indexed.repository.config.chunker_polynomial,
        parent: parent === undefined ? null : dated(parent),
      }
    } catch (error) {
      use[Symbol.dispose]()
      throw error
    }
  }

  /** Runs a call of an upload. @throws {ServerError} `not-found` when the client has no such upload (any more). */
  async call<T>(key: UploadKey, action: (session: UploadSession) => Promise<T>): Promise<T> {
    const upload = this.#find(key)
    upload.calls++
    try {
      await upload.room?.touch()
      return await action(upload.session)
    } finally {
      upload.calls--
      upload.lastCallMs = this.#options.clock.now()
    }
  }

  /** Trees of the client, and others below them, as frames. */
  async trees(key: UploadKey, ids: readonly BlobId[]): Promise<AsyncIterable<Uint8Array>> {
    const { use } = this.#find(key)
    const own = await this.call(key, (session) => session.ownTrees(ids))
    return treesWithDescendants(use.hosted.indexed, own)
  }

  /** Ends an upload with a snapshot; called again it gives the same one. */
  async commit(key: UploadKey, request: CommitUpload, options: CommitOptions = {}): Promise<SnapshotId> {
    const upload = this.#find(key)
    upload.commit ??= this.call(key, () => this.#commit(upload, request, options)).catch((error: unknown) => {
      upload.commit = undefined
      throw error
    })
    return upload.commit
  }

  /** Ends an upload without a snapshot. */
  async abandon(key: UploadKey): Promise<void> {
    const { room, use } = this.#find(key)
    if (room !== undefined && room.takenBytes > 0) {
      // What has come is found by the next upload, which need not bring it again, and then it is not counted twice.
      await use.hosted.checkpoint().catch(() => undefined)
      await room.end().catch(() => undefined)
    }
    this.#end(key.uploadId)
  }

  /** Ends all uploads. */
  close(): void {
    this.#stopLooking()
    for (const uploadId of [...this.#uploads.keys()]) this.#end(uploadId)
  }

  async #commit({ client, session, room, use }: Upload, request: CommitUpload, { onNamed }: CommitOptions): Promise<SnapshotId> {
    const { store, clock } = this.#options
    await room?.check()
    await session.seal(request.tree as BlobId)
    const timeMs = believableTime(request.time, clock.now())
    const snapshot = snapshotOf(client, { ...request, time: timeMs.text })
    const snapshotId = await saveSnapshot(use.hosted.indexed.repository, snapshot, { signal: use.hosted.signal, onNamed })
    const addedBytes = request.summary?.data_added_packed ?? null
    await store.addSnapshot(client, {
      snapshotId,
      treeId: request.tree,
      timeMs: timeMs.ms,
      hostname: client.clientName,
      paths: request.paths,
      tags: request.tags,
      planId: client.planId,
      runId: client.runId,
      sizeBytes: request.summary?.total_bytes_processed ?? null,
      fileCount: request.summary?.total_files_processed ?? null,
      // What the client says of it counts as far as it is not too little.
      addedBytes: room === undefined ? addedBytes : Math.max(addedBytes ?? 0, room.takenBytes),
    })
    await room?.settle()
    use[Symbol.dispose]()
    return snapshotId
  }

  /** After a prune, by whatever program, no client has what is not there any more. */
  #forgetWhatIsLost(hosted: HostedRepository, repositoryId: number): Promise<void> {
    const known = this.#compared.get(hosted)
    if (known !== undefined) return known
    const comparing = compare(hosted, { store: this.#options.store, repositoryId })
    this.#compared.set(hosted, comparing)
    comparing.catch(() => this.#compared.delete(hosted))
    return comparing
  }

  async #roomOf(client: UploadClient, uploadId: string): Promise<UploadRoom> {
    const { rooms: store, clock } = this.#options
    return new UploadRoom({ store, clock, owner: client, uploadId, leftBytes: await store.leftBytes(client, clock.now()) })
  }

  #find({ uploadId, clientId }: UploadKey): Upload {
    const upload = this.#uploads.get(uploadId)
    if (upload === undefined || upload.client.clientId !== clientId) throw notFound('the upload')
    if (upload.use.hosted.signal.aborted && upload.commit === undefined) {
      this.#end(uploadId)
      throw notFound('the upload')
    }
    return upload
  }

  #makeRoom({ clientId }: UploadClient): void {
    const own = [...this.#uploads].filter(([, upload]) => upload.client.clientId === clientId)
    own.sort(([, a], [, b]) => a.lastCallMs - b.lastCallMs)
    const [oldest] = own
    if (own.length >= UPLOADS_PER_CLIENT && oldest !== undefined) this.#end(oldest[0])
    if (this.#uploads.size < UPLOADS_MAX) return
    throw new ServerError('request.too-many', `Cannot begin an upload: ${UPLOADS_MAX} are open`, { retryAfterSeconds: 60 })
  }

  #endIdle(): void {
    const before = this.#options.clock.now() - IDLE_MS
    for (const [uploadId, { lastCallMs, calls }] of this.#uploads) if (calls === 0 && lastCallMs < before) this.#end(uploadId)
  }

  #end(uploadId: string): void {
    const upload = this.#uploads.get(uploadId)
    this.#uploads.delete(uploadId)
    upload?.use[Symbol.dispose]()
    // Where the database is away, it is counted as still under way for a while.
    if (upload?.commit === undefined) upload?.room?.end().catch(() => undefined)
  }
}

/** How a snapshot is made. */
interface CommitOptions {
  /** Told the snapshot's id before it is stored; when it rejects, it is not. */
  readonly onNamed?: (id: SnapshotId) => Promise<void>
}

/** Which upload of which client. */
export interface UploadKey {
  readonly uploadId: string
  readonly clientId: number
}

function ledgerOf(
  { indexed }: HostedRepository,
  { store, client }: { readonly store: UploadStore; readonly client: UploadClient },
): UploadLedger {
  return {
    having: (names) => store.namesOf(client, names),
    add: async (names) => {
      // The index files first: a name without one that vouches for it would outlive its blob.
      const indexes = await Array.fromAsync(indexed.repository.list('index'), ({ name }) => name)
      await store.noteIndexes(client.repositoryId, indexes)
      await store.addNames(client, names)
    },
  }
}

async function compare(
  { indexed }: HostedRepository,
  { store, repositoryId }: { readonly store: UploadStore; readonly repositoryId: number },
): Promise<void> {
  const present: ReadonlySet<string> = new Set(indexed.indexIds)
  const noted = await store.indexesOf(repositoryId)
  if (noted.every((id) => present.has(id))) return
  await store.forgetNames(repositoryId, (name) => !indexed.index.has(name.startsWith('01') ? 'tree' : 'data', name.slice(2) as BlobId))
  await store.noteIndexes(repositoryId, [...present])
}

function dated({ snapshotId, treeId, timeMs }: ParentSnapshot): UploadOpened['parent'] {
  return { snapshotId, treeId, time: new Date(timeMs).toISOString() }
}

/** The client's time if it can be true, else the server's: a snapshot of the future would be the newest for ever. */
function believableTime(text: string, nowMs: number): { readonly text: Timestamp; readonly ms: number } {
  try {
    const ms = timestampToMs(text as Timestamp)
    if (ms <= nowMs && ms >= nowMs - CLOCK_SKEW_MS) return { text: text as Timestamp, ms }
  } catch {
    // What is no time at all is not the client's to say either.
  }
  return { text: timestampFromMs(nowMs), ms: nowMs }
}

function snapshotOf(client: UploadClient, request: CommitUpload & { readonly time: Timestamp }): Snapshot {
  const { parent, tags, excludes, programVersion, summary } = request
  return {
    time: request.time,
    ...(parent === null ? {} : { parent: parent as SnapshotId }),
    tree: request.tree as BlobId,
    paths: request.paths,
    hostname: client.clientName,
    username: client.username,
    ...(tags.length > 0 ? { tags } : {}),
    ...(excludes.length > 0 ? { excludes } : {}),
    ...(programVersion === null ? {} : { program_version: programVersion }),
    ...(summary === null ? {} : { summary: summary as SnapshotSummary }),
  }
}
