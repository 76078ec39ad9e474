import { EngineError } from '../../errors.ts'
import type { ByteString } from '../../format/byte-string.ts'
import type { RestoreAction, RestoreProgress, RestoreStatistics } from './restore-request.ts'

/** Counts what a restore does and passes it on. */
export class RestoreReport {
  readonly #progress: RestoreProgress
  readonly #statistics = {
    filesTotal: 0,
    filesRestored: 0,
    filesSkipped: 0,
    filesRemoved: 0,
    filesVerified: 0,
    bytesTotal: 0,
    bytesRestored: 0,
    bytesSkipped: 0,
    problems: 0,
  }

  constructor(progress: RestoreProgress = {}) {
    this.#progress = progress
  }

  get statistics(): RestoreStatistics {
    return { ...this.#statistics }
  }

  /** Something will be restored. */
  found(sizeBytes: number): void {
    this.#statistics.filesTotal++
    this.#statistics.bytesTotal += sizeBytes
    this.#progress.found?.(sizeBytes)
  }

  written(sizeBytes: number): void {
    this.#statistics.bytesRestored += sizeBytes
    this.#progress.written?.(sizeBytes)
  }

  finished(location: ByteString, action: 'restored' | 'updated', sizeBytes: number): void {
    this.#statistics.filesRestored++
    this.#progress.finished?.(location, action, sizeBytes)
  }

  /** Something is left alone. It was not found before. */
  skipped(location: ByteString, sizeBytes: number): void {
    this.#statistics.filesSkipped++
    this.#statistics.bytesSkipped += sizeBytes
    this.#progress.finished?.(location, 'unchanged' satisfies RestoreAction, sizeBytes)
  }

  removed(location: ByteString): void {
    this.#statistics.filesRemoved++
    this.#progress.finished?.(location, 'deleted' satisfies RestoreAction, 0)
  }

  verified(): void {
    this.#statistics.filesVerified++
  }

  problem(location: ByteString, error: EngineError): void {
    this.#statistics.problems++
    this.#progress.problem?.(location, error)
  }

  warning(location: ByteString, message: string): void {
    this.#progress.warning?.(location, message)
  }

  /** A failed step with metadata. */
  metadataProblem(location: ByteString, problem: { readonly severity: 'problem' | 'warning'; readonly message: string }): void {
    if (problem.severity === 'warning') this.warning(location, problem.message)
    else this.problem(location, new EngineError('target.failed', problem.message))
  }
}
