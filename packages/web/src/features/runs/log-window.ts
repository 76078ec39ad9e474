import type { RunLogEntry, RunLogPage } from '@holdfast/protocol'
import { mergedLines } from './log-lines.ts'

/** So many lines of a log are kept at most; the others are fetched again as one scrolls to them. */
export const LINES_MAX = 5000

/** Where lines come from: both give oldest first, and in `next` whether there is more in that direction. */
export interface LogSource {
  /** The lines before one, or the last of all. */
  earlier(beforeId: number | undefined): Promise<RunLogPage>
  /** The lines after one. */
  later(afterId: number): Promise<RunLogPage>
}

/** A part of a log without a gap in it. */
export interface LogPart {
  readonly lines: readonly RunLogEntry[]
  readonly hasOlder: boolean
  readonly hasNewer: boolean
  readonly isWaiting: boolean
  readonly failure: Error | null
}

/**
 * The part of a log that somebody reads, which moves along with them. What is written is taken in at its end: in exchange for the oldest
 * lines while the end is read, and while something else is read only as far as there is room, so that nothing is taken from under the eye.
 */
export class LogWindow {
  readonly #source: LogSource
  readonly #listeners = new Set<() => void>()
  #part: LogPart = { lines: [], hasOlder: false, hasNewer: false, isWaiting: true, failure: null }
  #isAtEnd = true
  #isBusy = false
  /** What comes after this line may have been missed. */
  #missedAfter: number | undefined
  #retry: () => Promise<void> = () => this.toEnd()

  constructor(source: LogSource) {
    this.#source = source
  }

  get part(): LogPart {
    return this.#part
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Tells whether the last line is being looked at. */
  read({ isAtEnd }: { readonly isAtEnd: boolean }): void {
    this.#isAtEnd = isAtEnd
  }

  /** Takes in lines that have just been written. */
  hear(entries: readonly RunLogEntry[]): void {
    // What lies between is not known: it is fetched, and these with it, when somebody comes there.
    if (this.#part.hasNewer) return
    this.#takeNewer(entries, false)
  }

  /** Begins anew with the last lines of all. */
  async toEnd(): Promise<void> {
    await this.#fetch(
      () => this.toEnd(),
      async () => {
        const { items, next } = await this.#source.earlier(undefined)
        const lastId = items.at(-1)?.id ?? 0
        const heard = this.#part.hasNewer ? [] : this.#part.lines.filter(({ id }) => id > lastId)
        if (this.#missedAfter !== undefined) this.#missedAfter = lastId
        this.#isAtEnd = true
        this.#set({ lines: items, hasOlder: next !== null, hasNewer: false, isWaiting: false })
        this.#takeNewer(heard, false)
      },
    )
  }

  async loadOlder(): Promise<void> {
    const { lines, hasOlder } = this.#part
    if (!hasOlder) return
    await this.#fetch(
      () => this.loadOlder(),
      async () => {
        const { items, next } = await this.#source.earlier(lines[0]?.id)
        const all = mergedLines(items, this.#part.lines)
        this.#set({
          lines: all.slice(0, LINES_MAX),
          hasOlder: next !== null,
          hasNewer: this.#part.hasNewer || all.length > LINES_MAX,
        })
      },
    )
  }

  async loadNewer(): Promise<void> {
    if (!this.#part.hasNewer) return
    await this.#fetch(
      () => this.loadNewer(),
      async () => {
        const { items, next } = await this.#source.later(this.#part.lines.at(-1)?.id ?? 0)
        this.#isAtEnd = true
        this.#takeNewer(items, next !== null)
      },
    )
  }

  /** Catches up with what was written while nothing could be heard. */
  async catchUp(): Promise<void> {
    if (this.#part.hasNewer) return this.#forgetMissed()
    const afterId = this.#missedAfter ?? this.#part.lines.at(-1)?.id ?? 0
    this.#missedAfter = afterId
    if (this.#isBusy || this.#part.isWaiting) return
    await this.#fetch(
      () => this.catchUp(),
      async () => {
        const { items, next } = await this.#source.later(afterId)
        this.#missedAfter = undefined
        if (next !== null) this.#set({ lines: this.#part.lines.filter(({ id }) => id <= afterId) })
        this.#takeNewer(items, next !== null)
      },
    )
    if (this.#part.hasNewer && this.#isAtEnd) await this.toEnd()
  }

  retry(): void {
    void this.#retry()
  }

  /** What follows is fetched anyway, and so is what was heard behind a gap. */
  #forgetMissed(): void {
    const afterId = this.#missedAfter
    if (afterId === undefined) return
    this.#missedAfter = undefined
    this.#set({ lines: this.#part.lines.filter(({ id }) => id <= afterId) })
  }

  #takeNewer(entries: readonly RunLogEntry[], hasNewer: boolean): void {
    const all = mergedLines(this.#part.lines, entries)
    const excess = all.length - LINES_MAX
    if (excess <= 0) this.#set({ lines: all, hasNewer })
    else if (this.#isAtEnd) this.#set({ lines: all.slice(excess), hasOlder: true, hasNewer })
    else this.#set({ lines: all.slice(0, LINES_MAX), hasNewer: true })
  }

  /** One at a time: what is asked for meanwhile is asked for again by whoever still needs it. */
  async #fetch(again: () => Promise<void>, work: () => Promise<void>): Promise<void> {
    if (this.#isBusy) return
    this.#isBusy = true
    this.#retry = again
    try {
      await work()
      if (this.#part.failure !== null) this.#set({ failure: null })
    } catch (error) {
      this.#set({ isWaiting: false, failure: error instanceof Error ? error : new Error(String(error)) })
    } finally {
      this.#isBusy = false
    }
    if (this.#missedAfter !== undefined && this.#part.failure === null) await this.catchUp()
  }

  #set(changes: Partial<LogPart>): void {
    this.#part = { ...this.#part, ...changes }
    for (const listener of this.#listeners) listener()
  }
}
