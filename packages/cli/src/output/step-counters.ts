import { systemClock } from '@holdfast/engine'
import type { Environment } from '../environment.ts'
import { formatPercent, formatSeconds } from './format.ts'
import type { Printer } from './printer.ts'
import { ProgressUpdater, progressIntervalMs } from './progress-updater.ts'

/** How far one step of an operation is; the step is the noun of what it counts. */
export interface Step {
  readonly step: string
  readonly done: number
  readonly total?: number
}

/** Shows how far the steps of an operation are, a line for each, and in the end their last state. Silent when nobody wants to see it. */
export class StepCounters {
  readonly #printer: Printer
  readonly #updater: ProgressUpdater | undefined
  readonly #startedAt = systemClock.now()
  readonly #steps = new Map<string, Step & { readonly sinceMs: number }>()

  constructor(printer: Printer, environment: Environment) {
    this.#printer = printer
    if (printer.verbosity === 0) return
    const intervalMs = progressIntervalMs(environment, { isShown: true, isJson: false, terminal: printer.terminal })
    this.#updater = new ProgressUpdater(intervalMs, () => this.#printer.terminal.setStatus(this.#lines()))
  }

  show(progress: Step): void {
    const sinceMs = this.#steps.get(progress.step)?.sinceMs ?? systemClock.now()
    this.#steps.set(progress.step, { ...progress, sinceMs })
  }

  /** Takes the lines from the screen and prints their last state; safe to call twice. */
  done(): void {
    if (this.#updater?.stop() !== true) return
    if (this.#printer.terminal.canUpdateStatus) this.#printer.terminal.setStatus([])
    for (const line of this.#lines()) this.#printer.info(line)
  }

  #lines(): string[] {
    const nowMs = systemClock.now()
    const time = `[${formatSeconds((nowMs - this.#startedAt) / 1000)}]`
    return [...this.#steps.values()].map(({ step, done, total, sinceMs }) =>
      total === undefined
        ? `${time}          ${done} ${step}`
        : `${time} ${formatPercent(done, total)}  ${done} / ${total} ${step}${timeLeft({ done, total }, nowMs - sinceMs)}`,
    )
  }
}

/** When the rest will be done at the pace so far, to be shown behind it; empty while nobody can say, and when it is done. */
function timeLeft({ done, total }: { readonly done: number; readonly total: number }, elapsedMs: number): string {
  const seconds = done > 0 ? (elapsedMs * (total - done)) / done / 1000 : 0
  return seconds >= 1 ? `, ETA ${formatSeconds(seconds)}` : ''
}
