import {
  type BackupItem,
  type BackupProgress,
  type BackupResult,
  type ByteString,
  displayText,
  shortId,
  systemClock,
  timestampToMs,
} from '@holdfast/engine'
import { formatBytes, formatPercent, formatSeconds, padNumber, safeForTerminal } from './format.ts'
import { omitEmpty } from './json.ts'
import type { Printer } from './printer.ts'
import { ProgressUpdater } from './progress-updater.ts'
import { RateEstimator } from './rate-estimator.ts'
import { statusLine } from './status-line.ts'

/** What a backup has to do in all, as far as it is known. */
export interface BackupTotal {
  readonly files: number
  readonly folders: number
  readonly bytes: number
}

type PathProblem = Parameters<NonNullable<BackupProgress['problem']>>[0]

type SnapshotCounts = Omit<BackupResult['summary'], 'backup_start' | 'backup_end'>

/** Below this rate an estimate of the time left is worth nothing; restic's figure. */
const SLOWEST_RATE = 1024
/** Paths that are shown as being worked on. */
const CURRENT_MAX = 2

/** Shows how a backup goes and what came of it, to people or in restic's JSON messages. */
export class BackupReport {
  readonly #printer: Printer
  readonly #tellsItems: boolean
  readonly #updater: ProgressUpdater
  readonly #startedAt = systemClock.now()
  readonly #rate = new RateEstimator(this.#startedAt)
  readonly #current: string[] = []
  #total: BackupTotal = { files: 0, folders: 0, bytes: 0 }
  #isTotalKnown = false
  #hasBegun = false
  #done = { files: 0, folders: 0, bytes: 0 }
  #errors = 0

  /** @param options.intervalMs between two reports; 0 for reports on request only. `tellsItems`: say what becomes of each file. */
  constructor(printer: Printer, options: { readonly intervalMs: number; readonly tellsItems: boolean }) {
    this.#printer = printer
    this.#tellsItems = options.tellsItems
    this.#updater = new ProgressUpdater(options.intervalMs, () => this.#update())
  }

  /** What a backup tells this report; of single files and folders only where somebody wants to hear of each. */
  get listener(): BackupProgress {
    return {
      advance: (part) => this.#advance(part),
      current: (path) => this.#noteCurrent(path),
      problem: (problem) => this.#problem(problem),
      ...(this.#tellsItems ? { item: (item: BackupItem) => this.#item(item) } : {}),
    }
  }

  #advance({ files, folders, bytes }: BackupTotal): void {
    this.#hasBegun = true
    this.#done = { files: this.#done.files + files, folders: this.#done.folders + folders, bytes: this.#done.bytes + bytes }
    this.#rate.record(systemClock.now(), bytes)
  }

  #noteCurrent(path: ByteString): void {
    const shown = displayText(path)
    if (this.#current.includes(shown)) return
    this.#current.push(shown)
    if (this.#current.length > CURRENT_MAX) this.#current.shift()
  }

  #problem({ path, message, severity }: PathProblem): void {
    const item = displayText(path)
    if (severity === 'error') this.#errors++
    if (!this.#printer.isJson) this.#printer.warn(`${severity}: ${safeForTerminal(item)}: ${message}`)
    else if (severity === 'error') this.#printer.warnMessage({ message_type: 'error', error: { message }, during: 'archival', item })
    else this.#printer.warnMessage({ message_type: 'warning', warning: { message }, during: 'archival', item })
  }

  /** More of what there is to do was found. */
  setTotal(total: BackupTotal, options: { readonly isWhole: boolean }): void {
    this.#hasBegun = true
    this.#total = total
    this.#isTotalKnown = options.isWhole
    if (!options.isWhole) return
    const seconds = (systemClock.now() - this.#startedAt) / 1000
    if (this.#tellsItems)
      this.#verboseStatus({ action: 'scan_finished', duration: seconds, data_size: total.bytes, total_files: total.files })
    this.#printer.detail(`scan finished in ${seconds.toFixed(3)}s: ${total.files} files, ${formatBytes(total.bytes)}`)
  }

  /** Ends the reports; safe to call twice. */
  stop(): void {
    if (this.#updater.stop() && this.#printer.terminal.canUpdateStatus) this.#printer.terminal.setStatus([])
  }

  /** Says what came of it. */
  finish(result: BackupResult, options: { readonly isDryRun: boolean }): void {
    this.stop()
    if (this.#printer.isJson) {
      this.#printer.message(summaryMessage(result, options))
      return
    }
    for (const line of summaryLines(result, { ...options, isVerbose: this.#printer.verbosity >= 2 })) this.#printer.info(line)
    if (options.isDryRun) return
    if (result.snapshotId === undefined) this.#printer.info('skipped creating snapshot')
    else this.#printer.success(`snapshot ${shortId(result.snapshotId)} saved`)
  }

  #item(item: BackupItem): void {
    const { kind, action, durationMs, bytesAdded, bytesStored } = item
    const isFolder = kind === 'folder'
    const path = `${displayText(item.path)}${isFolder && action !== 'excluded' ? '/' : ''}`
    if (!this.#printer.isJson) this.#printer.trace(itemLine(item, safeForTerminal(path)))
    else if (action === 'excluded') this.#printer.message({ message_type: 'excluded_item', item: path })
    else if (action === 'unchanged') this.#verboseStatus({ action, item: path })
    else {
      const sizes = isFolder
        ? { metadata_size: bytesAdded, metadata_size_in_repo: bytesStored }
        : { data_size: bytesAdded, data_size_in_repo: bytesStored }
      this.#verboseStatus({ action, item: path, duration: durationMs / 1000, ...sizes })
    }
  }

  #verboseStatus(fields: object): void {
    if (!this.#printer.isJson) return
    const none = {
      action: '',
      item: '',
      duration: 0,
      data_size: 0,
      data_size_in_repo: 0,
      metadata_size: 0,
      metadata_size_in_repo: 0,
      total_files: 0,
    }
    this.#printer.message({ message_type: 'verbose_status', ...none, ...fields })
  }

  #update(): void {
    if (!this.#hasBegun) return
    const secondsLeft = this.#secondsLeft()
    if (this.#printer.isJson) this.#printer.message(this.#statusMessage(secondsLeft))
    else this.#printer.terminal.setStatus([this.#statusLine(secondsLeft), ...this.#currentLines()])
  }

  /** When everything is read, only the storage is at work. */
  #currentLines(): readonly string[] {
    const isAllRead = this.#isTotalKnown && this.#done.bytes >= this.#total.bytes
    return isAllRead ? ['storing what was read'] : this.#current.map(safeForTerminal)
  }

  #secondsLeft(): number {
    const rate = this.#rate.bytesPerSecond(systemClock.now())
    if (!this.#isTotalKnown || rate <= SLOWEST_RATE) return 0
    return Math.floor(Math.max(0, this.#total.bytes - this.#done.bytes) / rate)
  }

  #statusMessage(secondsLeft: number): object {
    const { files, bytes } = this.#done
    return {
      message_type: 'status',
      ...omitEmpty({ seconds_elapsed: Math.floor((systemClock.now() - this.#startedAt) / 1000), seconds_remaining: secondsLeft }),
      percent_done: this.#total.bytes > 0 ? bytes / this.#total.bytes : 0,
      ...omitEmpty({
        total_files: this.#total.files,
        files_done: files,
        total_bytes: this.#total.bytes,
        bytes_done: bytes,
        error_count: this.#errors,
        current_files: this.#current.toSorted(),
      }),
    }
  }

  #statusLine(secondsLeft: number): string {
    const { files, bytes } = this.#done
    const isCounted = this.#total.files + this.#total.folders > 0
    const isPercentKnown = isCounted && this.#isTotalKnown
    const rate = `${formatBytes(Math.round(this.#rate.bytesPerSecond(systemClock.now())))}/s`
    const parts = [
      { rank: 0, text: `[${formatSeconds((systemClock.now() - this.#startedAt) / 1000)}]` },
      { rank: 0, text: isPercentKnown ? ` ${formatPercent(bytes, this.#total.bytes)}` : '' },
      { rank: 3, text: `${isPercentKnown ? '  ' : ' '}${files} files${isCounted ? '' : ','} ${formatBytes(bytes)}` },
      { rank: 4, text: isCounted ? `, total ${this.#total.files} files ${formatBytes(this.#total.bytes)}` : '' },
      { rank: this.#errors > 0 ? 1 : 5, text: `, ${this.#errors} errors` },
      { rank: 1, text: `, ${rate}` },
      { rank: 0, text: secondsLeft > 0 ? ` ETA ${formatSeconds(secondsLeft)}` : '' },
    ]
    const bar = isPercentKnown ? { rank: 2, done: bytes, total: this.#total.bytes } : undefined
    return statusLine(parts, { columns: this.#printer.terminal.statusColumns, bar })
  }
}

function itemLine({ kind, action, durationMs, bytesAdded, bytesStored }: BackupItem, path: string): string {
  if (action === 'excluded') return `excluded  ${path}`
  if (action === 'unchanged') return `unchanged ${path}`
  const sizes =
    kind === 'file' ? `${formatBytes(bytesAdded)} added, ${formatBytes(bytesStored)} stored` : `${formatBytes(bytesStored)} metadata`
  return `${action.padEnd(9)} ${path}, saved in ${(durationMs / 1000).toFixed(3)}s (${sizes})`
}

function summaryMessage({ summary, snapshotId }: BackupResult, options: { readonly isDryRun: boolean }): object {
  const { backup_start, backup_end, ...counts } = summary
  return {
    message_type: 'summary',
    ...counts,
    total_duration: (timestampToMs(backup_end) - timestampToMs(backup_start)) / 1000,
    backup_start,
    backup_end,
    ...omitEmpty({ snapshot_id: snapshotId, dry_run: options.isDryRun }),
  }
}

function summaryLines({ summary }: BackupResult, options: { readonly isDryRun: boolean; readonly isVerbose: boolean }): string[] {
  const count = (field: keyof SnapshotCounts): string => padNumber(summary[field], 5)
  const verb = options.isDryRun ? 'Would add' : 'Added'
  const seconds = (timestampToMs(summary.backup_end) - timestampToMs(summary.backup_start)) / 1000
  return [
    '',
    `Files:       ${count('files_new')} new, ${count('files_changed')} changed, ${count('files_unmodified')} unmodified`,
    `Dirs:        ${count('dirs_new')} new, ${count('dirs_changed')} changed, ${count('dirs_unmodified')} unmodified`,
    ...(options.isVerbose
      ? [`Data Blobs:  ${padNumber(summary.data_blobs, 5)} new`, `Tree Blobs:  ${padNumber(summary.tree_blobs, 5)} new`]
      : []),
    `${verb} to the repository: ${formatBytes(summary.data_added)} (${formatBytes(summary.data_added_packed)} stored)`,
    '',
    `processed ${summary.total_files_processed} files, ${formatBytes(summary.total_bytes_processed)} in ${formatSeconds(seconds)}`,
  ]
}
