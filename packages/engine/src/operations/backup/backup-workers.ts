import type { CompressionMode } from '../../compression/zstd.ts'
import type { BlobId } from '../../format/ids.ts'
import { decodePackHeader } from '../../format/pack-header.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { DEFAULT_PACK_SIZE_BYTES, packBufferBytes } from '../../repository/pack-builder.ts'
import type { RepositoryWriter } from '../../repository/repository-writer.ts'
import { defaultWorkerCount, receivedError, SpareThreads, WorkerPool } from '../../repository/worker-pool.ts'
import type {
  BackupAnswer,
  BackupTask,
  BackupWorkerData,
  BrokenClaim,
  ChangeDetection,
  ChunkAnswer,
  EntriesTask,
  FilesAnswer,
  FilesTask,
  FolderAnswer,
  FolderTask,
  PackFinished,
  ParentTree,
  SegmentAnswer,
  SegmentTask,
  WholeFolderAnswer,
} from './backup-tasks.ts'
import { buffersPerWorker, createPackBuffers, type PackBufferHandle, releaseBuffer } from './pack-buffers.ts'
import type { SelectionRules } from './selection.ts'

export interface BackupWorkersOptions {
  readonly rules: SelectionRules
  readonly changeDetection: ChangeDetection
  readonly withAtime: boolean
  readonly reportsItems?: boolean
  readonly compression: CompressionMode
  readonly packSizeBytes?: number | undefined
  readonly workers?: number | undefined
  /** Threads for the work, as many as `workers`, that were started beforehand. */
  readonly threads?: SpareThreads | undefined
  /** Called when a pack or a blob cannot be stored: the backup cannot succeed any more. */
  readonly onFailure: (error: unknown) => void
}

/** Threads for a backup that is about to begin; an unused set is disposed of by the caller. */
export function spareBackupThreads(count: number = defaultWorkerCount()): SpareThreads {
  return new SpareThreads(new URL('./backup-worker.ts', import.meta.url), count)
}

/** The worker threads of a backup and the way of their packs into the repository. */
export class BackupWorkers {
  readonly #indexed: IndexedRepository
  readonly #pool: WorkerPool<BackupTask, BackupAnswer, PackFinished | BrokenClaim>
  readonly #buffers: PackBufferHandle[]
  readonly #packs = new Set<Promise<void>>()
  readonly #onFailure: (error: unknown) => void
  #writer: RepositoryWriter | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(indexed: IndexedRepository, options: BackupWorkersOptions) {
    this.#indexed = indexed
    this.#onFailure = options.onFailure
    const { repository } = indexed
    const packSizeBytes = options.packSizeBytes ?? DEFAULT_PACK_SIZE_BYTES
    const workers = options.workers ?? defaultWorkerCount()
    const { localFolder, limits } = repository.storage
    const count = buffersPerWorker({ isLocal: localFolder !== undefined, connections: limits.connections }, workers)
    this.#buffers = Array.from({ length: workers }, () => createPackBuffers(packBufferBytes(packSizeBytes), count))
    this.#pool = new WorkerPool({
      threads: options.threads ?? spareBackupThreads(workers),
      settings: (worker): BackupWorkerData => ({
        key: repository.masterKey,
        chunkerPolynomial: repository.config.chunker_polynomial,
        compression: repository.config.version === 1 ? 'off' : options.compression,
        packSizeBytes,
        index: indexed.index.handle,
        repositoryFolder: repository.storage.localFolder,
        buffers: this.#buffers[worker] ?? createPackBuffers(0, 1),
        rules: options.rules,
        changeDetection: options.changeDetection,
        withAtime: options.withAtime,
        reportsItems: options.reportsItems ?? false,
      }),
      onEvent: (event, worker) => {
        if ('brokenClaim' in event) this.#fail(receivedError(event.brokenClaim))
        else this.#storePack(event, worker)
      },
    })
  }

  get workerCount(): number {
    return this.#pool.workerCount
  }

  /** Whether tasks can still succeed. When not, a failed task says nothing about the file it was for. */
  get isUsable(): boolean {
    return this.#failure === undefined && this.#pool.isUsable
  }

  /** Says where finished packs go. Must be called before the first task. */
  attach(writer: RepositoryWriter): void {
    this.#writer = writer
  }

  readFolder(task: FolderTask): Promise<WholeFolderAnswer> {
    return this.#run(task)
  }

  readEntries(task: EntriesTask): Promise<FolderAnswer> {
    return this.#run(task)
  }

  readFiles(task: FilesTask): Promise<FilesAnswer> {
    return this.#run(task)
  }

  readSegment(task: SegmentTask): Promise<SegmentAnswer> {
    return this.#run(task)
  }

  /** Stores a chunk that was cut on the main thread. Its memory belongs to the worker afterwards. */
  storeChunk(plaintext: Uint8Array<ArrayBuffer>): Promise<ChunkAnswer> {
    return this.#run({ kind: 'chunk', plaintext }, [plaintext.buffer])
  }

  /** The tree for a task: where a worker can read it by itself, or else its content. */
  async parentTree(id: BlobId): Promise<ParentTree> {
    const place = this.#indexed.index.find('tree', id)
    const isLocal = this.#indexed.repository.storage.localFolder !== undefined
    if (isLocal && place !== undefined) return { ...place, id, pack: this.#indexed.packOf(place) }
    return { id, json: await this.#indexed.readBlob('tree', id) }
  }

  /** Has every worker close its pack; resolves when all packs are stored or on their way. */
  async flush(): Promise<void> {
    await this.#pool.runOnEach({ kind: 'flush' })
    while (this.#packs.size > 0) await Promise.all(this.#packs)
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Ends the workers at once. */
  async close(): Promise<void> {
    this.#failure ??= { error: new Error('the workers were ended') }
    await this.#pool.close()
  }

  async #run<Answer extends BackupAnswer>(task: BackupTask, transfer: readonly ArrayBuffer[] = []): Promise<Answer> {
    // Each kind of task has its kind of answer: the types of the public methods say which.
    return (await this.#pool.run(task, transfer)) as Answer
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#onFailure(error)
  }

  #storePack(pack: PackFinished, worker: number): void {
    const buffers = this.#buffers[worker]
    const shared = buffers?.buffers[pack.buffer]
    if (buffers === undefined || shared === undefined || this.#writer === undefined) return
    const content = new Uint8Array(shared, 0, pack.lengthBytes)
    const stored = this.#writer
      .savePack({ id: pack.id, content, blobs: decodePackHeader(pack.header) }, () => releaseBuffer(buffers, pack.buffer))
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#packs.delete(stored))
    this.#packs.add(stored)
  }
}
