import { type Clock, messageOf } from '@holdfast/engine'
import type { LogEntry, LogLevel, RunOrder, RunProgress } from '@holdfast/protocol'
import { isAgentError } from '../errors.ts'
import { BackOff } from './back-off.ts'
import type { ServerLink } from './server-link.ts'

const LOOK_EVERY_MS = 1000
/** Without news too: whoever stops a run waits so long at most until it hears of it. */
const ASK_EVERY_MS = 3000
/** Lines that wait for a server that is away; then the oldest go. */
const LINES_MAX = 5000
const LINES_PER_CALL = 500
const LINE_CHARACTERS = 20_000

export interface RunReportOptions {
  readonly link: Pick<ServerLink, 'sendEvents'>
  readonly clock: Clock
}

/** Tells the server of a run while it goes on, keeps its lease, and hears whether it is to end. A server that is away is waited for. */
export class RunReport implements AsyncDisposable {
  readonly #runId: number
  readonly #options: RunReportOptions
  readonly #lines: LogEntry[] = []
  readonly #ending = new AbortController()
  readonly #closing = new AbortController()
  readonly #backOff = new BackOff()
  readonly #done: Promise<void>
  #progress: RunProgress | undefined
  #leaseMs: number
  #heardAt: number
  #lostLines = 0
  #verdict: 'cancelled' | 'lost' | undefined

  constructor({ runId, leaseMs }: Pick<RunOrder, 'runId' | 'leaseMs'>, options: RunReportOptions) {
    this.#runId = runId
    this.#leaseMs = leaseMs
    this.#options = options
    this.#heardAt = options.clock.now()
    this.#done = this.#work()
  }

  /** Aborted when the server wants the run to end, or has given it up. */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  /** Why the run is to end: somebody cancelled it, or it is not this agent's any more. */
  get verdict(): 'cancelled' | 'lost' | undefined {
    return this.#verdict
  }

  progress(progress: RunProgress): void {
    this.#progress = progress
  }

  log(level: LogLevel, message: string): void {
    if (this.#lines.length >= LINES_MAX) {
      this.#lines.shift()
      this.#lostLines += 1
    }
    this.#lines.push({ at: this.#now(), level, message: message.slice(0, LINE_CHARACTERS) })
  }

  /** Sends no more; gives the lines that the server does not have. */
  async close(): Promise<readonly LogEntry[]> {
    this.#closing.abort()
    await this.#done
    if (this.#lostLines === 0) return this.#lines
    return [
      { at: this.#now(), level: 'warning', message: `${this.#lostLines} lines are lost: the server was away for too long` },
      ...this.#lines,
    ]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #work(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#closing
    while (!signal.aborted) {
      let pauseMs = LOOK_EVERY_MS
      try {
        if (this.#hasNews()) await this.#send()
        this.#backOff.reset()
      } catch (error) {
        if (signal.aborted) return
        if (isAgentError(error, 'link.refused', 'link.disabled')) return this.#end('lost', messageOf(error))
        pauseMs = Math.min(this.#backOff.next(), this.#leaseMs / 4)
      }
      if (!signal.aborted) await clock.sleep(pauseMs, signal).catch(() => undefined)
    }
  }

  #hasNews(): boolean {
    const isLongAgo = Math.abs(this.#options.clock.now() - this.#heardAt) > Math.min(ASK_EVERY_MS, this.#leaseMs / 4)
    return this.#lines.length > 0 || this.#progress !== undefined || isLongAgo
  }

  async #send(): Promise<void> {
    const progress = this.#progress
    const log = this.#lines.slice(0, LINES_PER_CALL)
    const lostBefore = this.#lostLines
    const events = { log, ...(progress === undefined ? {} : { progress }) }
    const { isCancelRequested, leaseMs } = await this.#options.link.sendEvents(this.#runId, events, this.#closing.signal)
    // Some of the oldest may have gone while the call was under way.
    this.#lines.splice(0, Math.max(0, log.length - (this.#lostLines - lostBefore)))
    if (this.#progress === progress) this.#progress = undefined
    this.#leaseMs = leaseMs
    this.#heardAt = this.#options.clock.now()
    if (isCancelRequested) this.#end('cancelled', 'Cancelled')
  }

  #end(verdict: 'cancelled' | 'lost', message: string): void {
    if (this.#verdict !== undefined) return
    this.#verdict = verdict
    this.#ending.abort(new Error(message))
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString()
  }
}
