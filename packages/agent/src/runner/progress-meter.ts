import { type BackupProgress, type Clock, displayText, estimateBackup } from '@holdfast/engine'
import type { LogLevel, RunProgress } from '@holdfast/protocol'
import type { PlannedBackup } from './prepare-backup.ts'

const TELL_EVERY_MS = 1000
/** Totals are counted only of backups that take longer: the others are over before anybody needs them. */
const COUNT_AFTER_MS = 10_000
/** Problems that go into the log one by one; of a disk that fails there may be millions. */
const PROBLEMS_MAX = 500

export interface ProgressMeterOptions {
  readonly clock: Clock
  progress(progress: RunProgress): void
  log(level: LogLevel, message: string): void
}

/** Sums up what a run does and tells of it once a second, if there is anything new. */
export class ProgressMeter implements Disposable {
  readonly #options: ProgressMeterOptions
  readonly #stop: () => void
  #current: RunProgress = {
    phase: 'starting',
    doneFiles: 0,
    totalFiles: null,
    doneBytes: 0,
    totalBytes: null,
    currentItem: null,
    errorCount: 0,
  }
  #listener: BackupProgress
  /** Of what came before the work that may begin anew. */
  #errorCountBefore = 0
  #problemCount = 0
  #isNew = true

  constructor(options: ProgressMeterOptions) {
    this.#options = options
    this.#stop = options.clock.every(TELL_EVERY_MS, () => this.tell())
    this.#listener = this.#newListener()
  }

  /** What the work tells of itself. */
  get listener(): BackupProgress {
    return this.#listener
  }

  /** Names what the run does now. Told at once. */
  phase(phase: string): void {
    this.#errorCountBefore = this.#current.errorCount
    this.#change({ phase, currentItem: null })
    this.tell()
  }

  /** Forgets what was counted in this phase, because its work begins anew; gives the listener of the new try. Told at once. */
  beginAnew(): BackupProgress {
    this.#listener = this.#newListener()
    this.#change({ doneFiles: 0, doneBytes: 0, currentItem: null, errorCount: this.#errorCountBefore })
    this.tell()
    return this.#listener
  }

  /** Says how much there is to do. */
  total({ files, bytes }: { readonly files: number; readonly bytes: number }): void {
    this.#change({ totalFiles: files, totalBytes: bytes })
  }

  /** Counts something that went wrong without ending the run. */
  problem(severity: 'error' | 'warning', message: string): void {
    if (severity === 'error') this.#change({ errorCount: this.#current.errorCount + 1 })
    this.#problemCount += 1
    if (this.#problemCount <= PROBLEMS_MAX) this.#options.log(severity, message)
    else if (this.#problemCount === PROBLEMS_MAX + 1) this.#options.log('warning', 'There are more problems than the log shows')
  }

  /** Counts what there is to do, beside the work, once that has taken a while. Never rejects. */
  async countTotals({ targets, rules }: Pick<PlannedBackup, 'targets' | 'rules'>, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.sleep(COUNT_AFTER_MS, signal)
      this.total(await estimateBackup(targets, { rules, signal }))
    } catch {
      // The work is over, or nobody can count: then nobody knows the totals.
    }
  }

  tell(): void {
    if (!this.#isNew) return
    this.#isNew = false
    this.#options.progress(this.#current)
  }

  [Symbol.dispose](): void {
    this.#stop()
    this.tell()
  }

  /** Heard until there is another: of a try that is given up, something may still come in. */
  #newListener(): BackupProgress {
    const whileHeard = (action: () => void): void => {
      if (this.#listener === listener) action()
    }
    const listener: BackupProgress = {
      advance: ({ files, bytes }) =>
        whileHeard(() => {
          const { doneFiles, doneBytes } = this.#current
          this.#change({ doneFiles: doneFiles + files, doneBytes: doneBytes + bytes })
        }),
      current: (path) => whileHeard(() => this.#change({ currentItem: displayText(path).slice(0, 4096) })),
      problem: ({ path, message, severity }) => whileHeard(() => this.problem(severity, `${displayText(path)}: ${message}`)),
    }
    return listener
  }

  #change(changes: Partial<RunProgress>): void {
    this.#current = { ...this.#current, ...changes }
    this.#isNew = true
  }
}
