import { type Clock, messageOf, type OpenRepository } from '@holdfast/engine'
import type { MaintenanceKind, MaintenanceSettings, RunStatistics } from '@holdfast/protocol'
import { isServerError } from '../../errors.ts'
import { type Audit, SERVER_ORIGIN } from '../audit/audit.ts'
import type { RunHandle } from '../runs/run-handle.ts'
import type { RunToBegin } from '../runs/runs.ts'
import { type CheckOutcome, carryOutCheck } from './check-task.ts'
import { foundDamageJson, packsToReadAgain, readFoundDamage } from './found-damage.ts'
import type { TaskEnd } from './keeper.ts'
import type { PruneTask } from './prune-task.ts'
import { freshRound, type ReadingOptions, type ReadingRound, type ReadingShare, shareToRead } from './reading-round.ts'
import type { RefreshTask } from './refresh-task.ts'
import { cadenceOf } from './settings.ts'
import type { MaintenanceStore } from './store.ts'
import type { RepositoryTaskRow } from './tables.ts'
import { readTaskRequest, type TaskRequest } from './task-request.ts'

/** What maintenance needs of repositories. */
export interface MaintainedRepositories {
  /** Runs `action` while nobody else uses the repository. @throws {ServerError} `request.conflict` when somebody does for too long */
  alter<Result>(id: number, action: (repository: OpenRepository, signal: AbortSignal) => Promise<Result>): Promise<Result>
  /** Runs `action` while others may add to the repository and nobody removes. @throws {ServerError} `request.conflict` */
  share<Result>(id: number, action: (repository: OpenRepository, signal: AbortSignal) => Promise<Result>): Promise<Result>
  open(id: number): Promise<OpenRepository>
  /** Whether this process takes uploads into the repository now. */
  isInUse(id: number): boolean
}

export interface MaintainerOptions {
  readonly store: MaintenanceStore
  readonly repositories: MaintainedRepositories
  readonly runs: { begin(run: RunToBegin): Promise<RunHandle> }
  readonly pruneTask: PruneTask
  readonly refreshTask: RefreshTask
  /** The index of files: told when snapshots have gone. */
  readonly index: { wake(): void }
  readonly audit: Pick<Audit, 'record'>
  readonly clock: Clock
}

/** A task that is under way. */
interface Job {
  readonly task: RepositoryTaskRow
  readonly settings: MaintenanceSettings
  readonly request: TaskRequest | undefined
  /** Of a check: whose data is read, undefined for none. */
  readonly share: ShareToRead | undefined
  readonly signal: AbortSignal
}

/** What one check reads. Without `after` it changes nothing about where the round of reading stands. */
type ShareToRead = Omit<ReadingShare, 'after'> & Partial<Pick<ReadingShare, 'after'>>

/** What a run has come to when nothing was thrown. */
interface JobResult {
  readonly statistics: RunStatistics
  readonly damage?: string | undefined
  readonly damagedPacks?: readonly string[]
  readonly memory?: string | null
}

/** How long scheduled maintenance waits for uploads and locks to end before it ends uploads, or fails. */
const PATIENCE_MS = 6 * 3_600_000

/** Does the tasks of repositories: each prune and each check is a run, with its log. */
export class Maintainer {
  readonly #options: MaintainerOptions

  constructor(options: MaintainerOptions) {
    this.#options = options
  }

  async carryOut(task: RepositoryTaskRow, settings: MaintenanceSettings, signal: AbortSignal): Promise<TaskEnd> {
    const { repository_id: repositoryId, kind } = task
    const request = task.request === null ? undefined : readTaskRequest(task.request)
    if (kind === 'refresh') return this.#refresh(repositoryId, settings, signal)
    const share = kind === 'check' ? this.#share(task, this.#reading(settings), request) : undefined
    const job = { task, settings, request, share, signal }
    if (kind === 'check') return this.#asRun(job, (body) => this.#options.repositories.share(repositoryId, body), this.#check)
    if (this.#mayWait(job) && this.#options.repositories.isInUse(repositoryId)) return { kind: 'later' }
    const end = await this.#asRun(job, (body) => this.#options.repositories.alter(repositoryId, body), this.#prune)
    this.#options.index.wake()
    return end
  }

  async #refresh(repositoryId: number, { lowSpacePercent }: MaintenanceSettings, signal: AbortSignal): Promise<TaskEnd> {
    const { repositories, refreshTask } = this.#options
    const repository = await repositories.open(repositoryId)
    try {
      await refreshTask.carryOut(repositoryId, { repository, lowSpacePercent, signal })
      return { kind: 'done' }
    } finally {
      await repository.storage.close()
    }
  }

  /** Begins the run once the repository is locked, and writes down what came of it. */
  async #asRun(
    job: Job,
    locked: (body: (repository: OpenRepository, lost: AbortSignal) => Promise<TaskEnd>) => Promise<TaskEnd>,
    work: (repository: OpenRepository, job: Job, run: RunHandle) => Promise<JobResult>,
  ): Promise<TaskEnd> {
    let hasBegun = false
    try {
      return await locked(async (repository, lost) => {
        hasBegun = true
        const run = await this.#begin(job)
        const signal = AbortSignal.any([job.signal, lost, run.signal])
        return this.#finish(job, run, () => work.call(this, repository, { ...job, signal }, run))
      })
    } catch (error) {
      if (hasBegun || job.signal.aborted) throw error
      if (isServerError(error, 'request.conflict', 'server.unavailable') && this.#mayWait(job)) return { kind: 'later' }
      return this.#finish(job, await this.#begin(job), () => Promise.reject(error))
    }
  }

  #begin({ task, request, share }: Job): Promise<RunHandle> {
    const kind = task.kind as MaintenanceKind
    const { retryOf, ...asked } = request ?? { kind, dryRun: false, readAll: false }
    const parts = share && { parts: share.parts, from: share.from, to: share.to }
    return this.#options.runs.begin({
      kind,
      trigger: request === undefined ? 'schedule' : 'manual',
      repositoryId: task.repository_id,
      request: JSON.stringify(kind === 'check' ? { ...asked, share: parts ?? null } : asked),
      ...(retryOf === undefined ? {} : { retryOf }),
    })
  }

  async #finish({ task, request, signal }: Job, run: RunHandle, work: () => Promise<JobResult>): Promise<TaskEnd> {
    try {
      const { statistics, damage, damagedPacks = [], memory } = await work()
      const error = damage === undefined ? null : { code: 'repository.damaged', message: damage }
      await run.finish({ state: damage === undefined ? 'finished' : 'error', snapshotId: null, statistics, error })
      await this.#record(task, { request, error: damage, statistics })
      const kept = memory === undefined ? {} : { memory }
      if (damage === undefined) return { kind: 'done', runId: run.id, ...kept }
      const found = foundDamageJson({ runId: run.id, message: damage, packs: [...damagedPacks] })
      return { kind: 'failed', runId: run.id, error: damage, damage: found, ...kept }
    } catch (error) {
      const isCancelled = run.signal.aborted || signal.aborted
      const message = signal.aborted ? 'Interrupted: the server was stopped' : isCancelled ? 'Cancelled' : messageOf(error)
      const state = isCancelled ? 'cancelled' : 'error'
      const reason = { code: isCancelled ? 'run.cancelled' : 'run.failed', message }
      await run.finish({ state, snapshotId: null, statistics: null, error: reason }).catch(() => undefined)
      await this.#record(task, { request, error: message })
      return run.isCancelled ? { kind: 'cancelled' } : { kind: 'failed', runId: run.id, error: message }
    }
  }

  async #prune(repository: OpenRepository, { task, settings, request, signal }: Job, run: RunHandle): Promise<JobResult> {
    const { pruneTask, store, clock } = this.#options
    const { repository_id: repositoryId } = task
    const { maxUnusedPercent } = settings.prune
    const dryRun = request?.dryRun === true
    const statistics = await pruneTask.carryOut(repository, { repositoryId, maxUnusedPercent, dryRun, run, signal })
    await store.hasten({ repository_id: repositoryId, kind: 'refresh' }, clock.now())
    return { statistics }
  }

  async #check(repository: OpenRepository, { task, share, signal }: Job, run: RunHandle): Promise<JobResult> {
    const again = packsToReadAgain(readFoundDamage(task.damage))
    const outcome: CheckOutcome = await carryOutCheck(repository, { share, again, run, signal })
    const { isComplete, ...result } = outcome
    const memory = share?.after === undefined || !isComplete ? {} : { memory: JSON.stringify(share.after) }
    return { ...result, ...memory }
  }

  /** Undefined where no data is read by schedule. */
  #reading({ check }: MaintenanceSettings): ReadingOptions | undefined {
    const cadence = cadenceOf(check.schedule)
    if (check.readAllWithinDays === null) return undefined
    return { now: this.#options.clock.now(), next: (after) => cadence?.next(after), readAllWithinDays: check.readAllWithinDays }
  }

  #share({ memory }: RepositoryTaskRow, reading: ReadingOptions | undefined, request: TaskRequest | undefined): ShareToRead | undefined {
    const round = memory === null ? undefined : (JSON.parse(memory) as ReadingRound)
    if (request?.readAll === true) {
      const now = this.#options.clock.now()
      const after = reading === undefined ? { parts: 1, nextPart: 1, startedAt: now } : freshRound(reading, now)
      return { parts: 1, from: 1, to: 1, after }
    }
    const inTurn = reading && shareToRead(round, reading)
    if (request?.share === undefined) return inTurn
    const { share } = request
    // While the round still stands where that began, what is in turn has it all, and the round goes on.
    return share !== null && inTurn?.parts === share.parts && inTurn.from === share.from ? inTurn : (share ?? undefined)
  }

  #mayWait({ task, request }: Pick<Job, 'task' | 'request'>): boolean {
    return request === undefined && this.#options.clock.now() - (task.due_at ?? 0) < PATIENCE_MS
  }

  async #record(
    { repository_id, kind }: RepositoryTaskRow,
    {
      request,
      error,
      statistics,
    }: { readonly request: TaskRequest | undefined; readonly error?: string | undefined; readonly statistics?: RunStatistics },
  ): Promise<void> {
    await this.#options.audit.record(SERVER_ORIGIN, {
      action: kind === 'check' ? 'repository.checked' : request?.dryRun === true ? 'repository.prune-tried' : 'repository.pruned',
      subject: `repository ${repository_id}`,
      detail: { ...statistics?.other, ...(error === undefined ? {} : { error }) },
    })
  }
}
