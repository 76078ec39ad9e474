import { defaultWorkerCount, receivedError, SpareThreads, WorkerPool } from '../../repository/worker-pool.ts'
import type { BackupDestination } from './backup-destination.ts'
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
  SegmentAnswer,
  SegmentTask,
  StoreEvent,
  WholeFolderAnswer,
} from './backup-tasks.ts'
import type { SelectionRules } from './selection.ts'

export interface BackupWorkersOptions {
  readonly rules: SelectionRules
  readonly changeDetection: ChangeDetection
  readonly withAtime: boolean
  readonly reportsItems?: boolean
  readonly workers: number
  /** Threads for the work, as many as `workers`, that were started beforehand. */
  readonly threads?: SpareThreads | undefined
  /** Called when a pack or a blob cannot be stored: the backup cannot succeed any more. */
  readonly onFailure: (error: unknown) => void
}

/** Threads for a backup that is about to begin; an unused set is disposed of by the caller. */
export function spareBackupThreads(count: number = defaultWorkerCount()): SpareThreads {
  return new SpareThreads(new URL('./backup-worker.ts', import.meta.url), count)
}

/** The worker threads of a backup and the way of what they store to its destination. */
export class BackupWorkers {
  readonly #pool: WorkerPool<BackupTask, BackupAnswer, StoreEvent | BrokenClaim>
  readonly #stores = new Set<Promise<void>>()
  readonly #onFailure: (error: unknown) => void
  #failure: { readonly error: unknown } | undefined

  constructor(destination: BackupDestination, options: BackupWorkersOptions) {
    this.#onFailure = options.onFailure
    this.#pool = new WorkerPool({
      threads: options.threads ?? spareBackupThreads(options.workers),
      settings: (worker): BackupWorkerData => ({
        chunkerPolynomial: destination.chunkerPolynomial,
        index: destination.index.handle,
        store: destination.workerStore(worker),
        rules: options.rules,
        changeDetection: options.changeDetection,
        withAtime: options.withAtime,
        reportsItems: options.reportsItems ?? false,
      }),
      onEvent: (event, worker) => {
        if ('brokenClaim' in event) this.#fail(receivedError(event.brokenClaim))
        else this.#store(destination.receive(event, worker))
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

  /** Has every worker hand over what it keeps; resolves when that is stored or on its way. */
  async flush(): Promise<void> {
    await this.#pool.runOnEach({ kind: 'flush' })
    while (this.#stores.size > 0) await Promise.all(this.#stores)
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

  #store(storing: Promise<void>): void {
    const stored = storing.catch((error: unknown) => this.#fail(error)).finally(() => this.#stores.delete(stored))
    this.#stores.add(stored)
  }
}
