import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { SpareThreads, WorkerPool } from '../../repository/worker-pool.ts'
import type { RestoreRequest } from './restore-request.ts'
import type {
  CompareResult,
  CompareTask,
  ContentResult,
  ContentTask,
  MetadataTask,
  NodesTask,
  ProblemsResult,
  RestoreResult,
  RestoreTask,
  RestoreWorkerData,
} from './restore-tasks.ts'

/** Threads for a restore that is about to begin; an unused set is disposed of by the caller. */
export function spareRestoreThreads(): SpareThreads {
  return new SpareThreads(new URL('./restore-worker.ts', import.meta.url))
}

/** The worker threads of one restore. */
export class RestoreWorkers {
  readonly #pool: WorkerPool<RestoreTask, RestoreResult>

  constructor(indexed: IndexedRepository, request: RestoreRequest, threads: SpareThreads = spareRestoreThreads()) {
    const data: RestoreWorkerData = {
      masterKey: indexed.repository.masterKey,
      localFolder: indexed.repository.storage.localFolder,
      metadata: { ownershipByName: request.ownershipByName === true, attributes: request.attributes },
      removeExtraneous: request.removeExtraneous === true,
    }
    this.#pool = new WorkerPool({ threads, settings: () => data })
  }

  /** How many tasks keep all workers busy without much waiting in line. */
  get tasksAtOnce(): number {
    return this.#pool.workerCount * 3
  }

  writeContent(task: ContentTask): Promise<ContentResult> {
    const transfer = task.contents?.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer)
    return this.#pool.run(task, transfer) as Promise<ContentResult>
  }

  makeNodes(task: NodesTask): Promise<ProblemsResult> {
    return this.#pool.run(task) as Promise<ProblemsResult>
  }

  setMetadata(task: MetadataTask): Promise<ProblemsResult> {
    return this.#pool.run(task) as Promise<ProblemsResult>
  }

  compare(task: CompareTask): Promise<CompareResult> {
    return this.#pool.run(task) as Promise<CompareResult>
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}
