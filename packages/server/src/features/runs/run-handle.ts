import { type Clock, messageOf } from '@holdfast/engine'
import type { FinishRun, LogEntry, LogLevel, RunProgress } from '@holdfast/protocol'
import { isServerError } from '../../errors.ts'
import { LEASE_MS, type RunLifecycle } from './run-lifecycle.ts'
import type { RunStore, StoredRun } from './store.ts'

const RENEW_EVERY_MS = 1000
/** Lines that wait to be written; when the database is away for long, the oldest go. */
const LINES_MAX = 2000
const LINES_PER_WRITE = 200

/** What came of a run. */
export type RunOutcome = FinishRun

/** A run that this process carries out. Its lease is renewed until it is finished; a process that dies loses it. */
export interface RunHandle {
  readonly id: number
  /** Aborted when somebody cancels the run, or when the run was given to somebody else because the database could not be reached. */
  readonly signal: AbortSignal
  /** Whether somebody cancelled it, as far as is known here. */
  readonly isCancelled: boolean
  /** Says how far it is; cheap enough to be called for every file. */
  progress(progress: RunProgress): void
  log(level: LogLevel, text: string): void
  /** Ends the run. Called again it changes nothing. @throws {ServerError} `request.conflict` when the run was taken away before. */
  finish(outcome: RunOutcome): Promise<void>
}

export interface RunHandleOptions {
  readonly store: RunStore
  readonly lifecycle: RunLifecycle
  readonly clock: Clock
}

/** A {@link RunHandle} that writes to the database in the background, at most once a second. */
export class LeasedRun implements RunHandle {
  readonly id: number
  readonly #options: RunHandleOptions
  readonly #ending = new AbortController()
  readonly #lines: LogEntry[] = []
  readonly #stopRenewing: () => void
  #run: StoredRun
  #progress: RunProgress | undefined
  #renewedAt: number
  #writing: Promise<void> = Promise.resolve()
  #isWriting = false

  constructor(run: StoredRun, options: RunHandleOptions) {
    this.id = run.id
    this.#run = run
    this.#options = options
    this.#renewedAt = options.clock.now()
    this.#stopRenewing = options.clock.every(RENEW_EVERY_MS, () => {
      if (!this.#isWriting) this.#writing = this.renew()
    })
  }

  get signal(): AbortSignal {
    return this.#ending.signal
  }

  get isCancelled(): boolean {
    return this.#run.cancel_requested_at !== null
  }

  progress(progress: RunProgress): void {
    this.#progress = progress
  }

  log(level: LogLevel, text: string): void {
    if (this.#lines.length >= LINES_MAX) this.#lines.shift()
    this.#lines.push({ at: new Date(this.#options.clock.now()).toISOString(), level, message: text.slice(0, 20_000) })
  }

  async finish(outcome: RunOutcome): Promise<void> {
    this.#stopRenewing()
    await this.#writing
    while (this.#lines.length > 0 && !this.signal.aborted) {
      const before = this.#lines.length
      await this.renew()
      if (this.#lines.length === before) break
    }
    this.#run = await this.#options.lifecycle.finish(this.#run, outcome)
  }

  /** Writes what is new, renews the lease and learns whether somebody wants the run to end. */
  async renew(): Promise<void> {
    this.#isWriting = true
    const progress = this.#progress
    const log = this.#lines.slice(0, LINES_PER_WRITE)
    try {
      const present = (await this.#options.store.find(this.id)) ?? this.#run
      this.#run = await this.#options.lifecycle.report(present, { progress, log })
      this.#lines.splice(0, log.length)
      if (this.#progress === progress) this.#progress = undefined
      this.#renewedAt = this.#options.clock.now()
      if (this.#run.cancel_requested_at !== null) this.#abort('Cancelled')
    } catch (error) {
      this.#refused(error)
    } finally {
      this.#isWriting = false
    }
  }

  #refused(error: unknown): void {
    if (isServerError(error, 'request.conflict')) this.#abort(error.message)
    else if (Math.abs(this.#options.clock.now() - this.#renewedAt) > LEASE_MS) {
      this.#abort(`Cannot go on: the database could not be reached for ${LEASE_MS / 1000} s: ${messageOf(error)}`)
    }
  }

  #abort(reason: string): void {
    this.#ending.abort(new Error(reason))
  }
}
