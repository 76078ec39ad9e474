import { EngineError } from '../../errors.ts'
import { byteStringOf } from '../../format/byte-string.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { BatchRunner } from './batch-runner.ts'
import { LocalTrees } from './local-trees.ts'
import { describeLimits } from './node-metadata.ts'
import { NumberSet } from './number-set.ts'
import { RestoreBatch } from './restore-batch.ts'
import { RestoreCollector } from './restore-collector.ts'
import { restoreItems } from './restore-items.ts'
import { RestoreReport } from './restore-report.ts'
import { checkRequest, type RestoreOptions, type RestorePlan, type RestoreRequest, type RestoreStatistics } from './restore-request.ts'
import { RestoreWorkers } from './restore-workers.ts'
import { verifyRestored } from './verify-restored.ts'

/** How many items are taken before other work of this thread has its turn. */
const ITEMS_AT_ONCE = 256

/**
 * Tells what a restore would do to the target as it is now, without touching it: files that exist are read and compared. The plan can be
 * handed to {@link executeRestore}, which looks again.
 *
 * @throws EngineError `input.invalid`, `data.*` where the root tree cannot be read, `storage.*`
 */
export async function planRestore(indexed: IndexedRepository, request: RestoreRequest, options: RestoreOptions = {}): Promise<RestorePlan> {
  const run = new RestoreRun(indexed, request, { ...options, dryRun: true })
  return { ...request, statistics: await run.execute() }
}

/**
 * Restores a tree into a folder: content, links, device files, owners, permissions, attributes and times, those of folders last. Of a file
 * that exists only what differs is written. Nothing is written outside of the target: names in the snapshot are checked, links in the
 * target are replaced and never followed, unless `keepsWays` has them stay. Single files that fail are reported and counted in `problems`
 * while the rest goes on.
 *
 * It works in batches of bounded size, so that memory does not grow with the snapshot, save for the names of files that have several.
 *
 * @throws EngineError `input.invalid`, `storage.*` when the repository cannot be reached any more, the signal's reason when cancelled
 */
export function executeRestore(
  indexed: IndexedRepository,
  request: RestoreRequest | RestorePlan,
  options: RestoreOptions = {},
): Promise<RestoreStatistics> {
  return new RestoreRun(indexed, request, { ...options, dryRun: false }).execute()
}

class RestoreRun {
  readonly #indexed: IndexedRepository
  readonly #request: RestoreRequest
  readonly #options: RestoreOptions & { readonly dryRun: boolean }
  readonly #report: RestoreReport
  readonly #restored = new NumberSet()

  constructor(indexed: IndexedRepository, request: RestoreRequest, options: RestoreOptions & { readonly dryRun: boolean }) {
    checkRequest(request)
    this.#indexed = indexed
    this.#request = request
    this.#options = options
    this.#report = new RestoreReport(options.progress)
  }

  async execute(): Promise<RestoreStatistics> {
    const { signal, dryRun } = this.#options
    signal?.throwIfAborted()
    const limits = describeLimits()
    if (limits !== undefined) this.#report.warning(byteStringOf('/'), limits)
    const workers = new RestoreWorkers(this.#indexed, this.#request, this.#options.threads)
    const stop = (): void => void workers.close()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      await this.#restore(workers)
      if (this.#request.verify && !dryRun) await this.#verify(workers)
    } catch (error) {
      // What the workers say when they are ended is not the reason.
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', stop)
      await workers.close()
    }
    return this.#report.statistics
  }

  async #restore(workers: RestoreWorkers): Promise<void> {
    const { dryRun, signal } = this.#options
    const parts = { indexed: this.#indexed, workers, request: this.#request, report: this.#report, dryRun, signal }
    const runner = new BatchRunner({ ...parts, onRestored: ({ ordinal }) => this.#restored.add(ordinal) })
    const collector = new RestoreCollector({ index: this.#indexed.index, request: this.#request, report: this.#report, dryRun })
    // One batch is carried out while the next one is collected.
    let running: Promise<void> = Promise.resolve()
    const dispatch = async (batch: RestoreBatch): Promise<void> => {
      await running
      running = runner.run(batch)
      // A failure is met at the next dispatch.
      running.catch(() => undefined)
    }
    using trees = LocalTrees.over(this.#indexed)
    let batch = new RestoreBatch()
    let items = 0
    for await (const item of restoreItems(trees, this.#request, signal)) {
      if (++items % ITEMS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve))
      batch = await collector.add(item, batch, dispatch)
      if (!batch.isFull) continue
      await dispatch(batch)
      batch = new RestoreBatch()
    }
    await dispatch(batch)
    await running
    await runner.finish()
  }

  #verify(workers: RestoreWorkers): Promise<void> {
    return verifyRestored(this.#indexed, this.#request, {
      workers,
      restored: this.#restored,
      signal: this.#options.signal,
      onVerified: () => this.#report.verified(),
      onDifferent: (location, message) => this.#report.problem(location, new EngineError('target.failed', message)),
    })
  }
}
