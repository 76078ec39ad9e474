import {
  type ByteString,
  displayText,
  type EngineError,
  type RestoreAction,
  type RestoreProgress,
  type RestoreStatistics,
  systemClock,
} from '@holdfast/engine'
import { formatBytes, formatPercent, formatSeconds, safeForTerminal } from './format.ts'
import { omitEmpty } from './json.ts'
import type { Printer } from './printer.ts'
import { ProgressUpdater } from './progress-updater.ts'
import { statusLine } from './status-line.ts'

type Counts = Omit<RestoreStatistics, 'filesVerified' | 'problems'>

/** Shows how a restore goes and what came of it, to people or in restic's JSON messages. */
export class RestoreReport implements RestoreProgress {
  readonly #printer: Printer
  readonly #isTracing: boolean
  readonly #updater: ProgressUpdater
  readonly #startedAt = systemClock.now()
  readonly #counts = { filesTotal: 0, filesRestored: 0, filesSkipped: 0, filesRemoved: 0, bytesTotal: 0, bytesRestored: 0, bytesSkipped: 0 }

  /** @param options.isTracing whether every path is told, as `-vv` asks for. */
  constructor(printer: Printer, options: { readonly intervalMs: number; readonly isTracing: boolean }) {
    this.#printer = printer
    this.#isTracing = options.isTracing
    this.#updater = new ProgressUpdater(options.intervalMs, () => this.#update())
  }

  found(sizeBytes: number): void {
    this.#counts.filesTotal++
    this.#counts.bytesTotal += sizeBytes
  }

  written(sizeBytes: number): void {
    this.#counts.bytesRestored += sizeBytes
  }

  finished(path: ByteString, action: RestoreAction, sizeBytes: number): void {
    if (action === 'deleted') this.#counts.filesRemoved++
    else if (action === 'unchanged') this.#counts.filesSkipped++
    else this.#counts.filesRestored++
    if (action === 'unchanged') this.#counts.bytesSkipped += sizeBytes
    if (!this.#isTracing) return
    const item = displayText(path)
    const size = action === 'deleted' || sizeBytes === 0 ? '' : ` with size ${formatBytes(sizeBytes)}`
    if (this.#printer.isJson) this.#printer.message({ message_type: 'verbose_status', action, item, size: sizeBytes })
    else this.#printer.trace(`${action.padEnd(9)} ${safeForTerminal(item)}${size}`)
  }

  problem(path: ByteString, { message }: EngineError): void {
    const item = displayText(path)
    if (this.#printer.isJson) this.#printer.warnMessage({ message_type: 'error', error: { message }, during: 'restore', item })
    else this.#printer.warn(`ignoring error for ${safeForTerminal(item)}: ${message}`)
  }

  warning(path: ByteString, message: string): void {
    const item = displayText(path)
    if (this.#printer.isJson) this.#printer.warnMessage({ message_type: 'warning', warning: { message }, during: 'restore', item })
    else this.#printer.warn(`Warning: ${safeForTerminal(item)}: ${message}`)
  }

  /** Ends the reports; safe to call twice. */
  stop(): void {
    if (this.#updater.stop() && this.#printer.terminal.canUpdateStatus) this.#printer.terminal.setStatus([])
  }

  /** Says what came of it. */
  finish(statistics: RestoreStatistics): void {
    this.stop()
    if (this.#printer.isJson) this.#printer.message({ message_type: 'summary', ...this.#message(statistics) })
    else this.#printer.result(this.#summaryLine(statistics))
  }

  #update(): void {
    const { bytesRestored, bytesTotal } = this.#counts
    if (this.#printer.isJson) {
      const { seconds_elapsed, ...counts } = this.#message(this.#counts)
      const percent_done = bytesTotal > 0 ? bytesRestored / bytesTotal : 0
      this.#printer.message({ message_type: 'status', ...omitEmpty({ seconds_elapsed }), percent_done, ...counts })
    } else {
      this.#printer.terminal.setStatus([this.#statusLine()])
    }
  }

  #message(counts: Counts): { readonly seconds_elapsed?: number } {
    return omitEmpty({
      seconds_elapsed: Math.floor(this.#elapsedSeconds),
      total_files: counts.filesTotal,
      files_restored: counts.filesRestored,
      files_skipped: counts.filesSkipped,
      files_deleted: counts.filesRemoved,
      total_bytes: counts.bytesTotal,
      bytes_restored: counts.bytesRestored,
      bytes_skipped: counts.bytesSkipped,
    })
  }

  #statusLine(): string {
    const { filesRestored, filesTotal, bytesRestored, bytesTotal } = this.#counts
    const rate = bytesRestored / Math.max(0.001, this.#elapsedSeconds)
    const secondsLeft = rate > 0 ? Math.max(0, bytesTotal - bytesRestored) / rate : 0
    const parts = [
      { rank: 0, text: `[${formatSeconds(this.#elapsedSeconds)}]` },
      { rank: 0, text: ` ${formatPercent(bytesRestored, bytesTotal)}` },
      { rank: 3, text: `  ${filesRestored} files/dirs ${formatBytes(bytesRestored)}` },
      { rank: 4, text: `, total ${filesTotal} files/dirs ${formatBytes(bytesTotal)}` },
      { rank: 5, text: asides(this.#counts) },
      { rank: 1, text: `, ${formatBytes(Math.round(rate))}/s` },
      { rank: 0, text: secondsLeft >= 1 ? ` ETA ${formatSeconds(secondsLeft)}` : '' },
    ]
    const bar = { rank: 2, done: bytesRestored, total: bytesTotal }
    return statusLine(parts, { columns: this.#printer.terminal.statusColumns, bar })
  }

  #summaryLine(statistics: RestoreStatistics): string {
    const { filesRestored, filesTotal, bytesRestored, bytesTotal } = statistics
    const isWhole = filesRestored === filesTotal && bytesRestored === bytesTotal
    const counts = isWhole ? `${filesTotal}` : `${filesRestored} / ${filesTotal}`
    const sizes = isWhole ? formatBytes(bytesTotal) : `${formatBytes(bytesRestored)} / ${formatBytes(bytesTotal)}`
    return `Summary: Restored ${counts} files/dirs (${sizes}) in ${formatSeconds(this.#elapsedSeconds)}${asides(statistics)}`
  }

  get #elapsedSeconds(): number {
    return (systemClock.now() - this.#startedAt) / 1000
  }
}

function asides({ filesSkipped, bytesSkipped, filesRemoved }: Counts): string {
  const skipped = filesSkipped > 0 ? `, skipped ${filesSkipped} files/dirs ${formatBytes(bytesSkipped)}` : ''
  return filesRemoved > 0 ? `${skipped}, deleted ${filesRemoved} files/dirs` : skipped
}
