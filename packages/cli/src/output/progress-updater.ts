import { systemClock } from '@holdfast/engine'
import type { Environment } from '../environment.ts'
import { progressRequests } from './progress-requests.ts'
import type { Terminal } from './terminal.ts'

const DEFAULT_INTERVAL_MS = 100
const FPS_MAX = 60

/**
 * How often progress is reported: ten times a second on a terminal and in JSON, never without either or with `--quiet`;
 * `RESTIC_PROGRESS_FPS` decides over both. 0 stands for never.
 */
export function progressIntervalMs(
  environment: Environment,
  to: { readonly isShown: boolean; readonly isJson: boolean; readonly terminal: Terminal },
): number {
  const fps = Number(environment.get('progressFps'))
  if (fps > 0) return 1000 / Math.min(fps, FPS_MAX)
  return to.isShown && (to.isJson || to.terminal.canUpdateStatus) ? DEFAULT_INTERVAL_MS : 0
}

/** Calls a report again and again, and whenever the user asks, until it is stopped. */
export class ProgressUpdater {
  readonly #stopped = new AbortController()
  readonly #report: () => void

  /** @param intervalMs 0 for reports on request only. */
  constructor(intervalMs: number, report: () => void) {
    this.#report = report
    progressRequests.add(report)
    if (intervalMs > 0) void this.#run(intervalMs)
  }

  /** Ends the reports; false if they had ended before. */
  stop(): boolean {
    if (this.#stopped.signal.aborted) return false
    progressRequests.delete(this.#report)
    this.#stopped.abort()
    return true
  }

  async #run(intervalMs: number): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      // Rejects only because it was stopped.
      await systemClock.sleep(intervalMs, signal).catch(() => undefined)
      if (!signal.aborted) this.#report()
    }
  }
}
