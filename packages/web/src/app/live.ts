import type { Run, RunLogEntry, RunLogEvent } from '@holdfast/protocol'
import type { Query } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { later } from './clock.ts'
import { queryClient } from './query-client.ts'

/** Lists are fetched anew at most so often, however much happens. */
const REFRESH_MS = 2000
/** What is heard is shown at most so often: hundreds of runs may tell of their progress every second. */
const PUBLISH_MS = 200
/** A longer list is not fetched anew, page after page, while somebody reads it: it is when somebody comes back to it. */
const FRESH_PAGES_MAX = 3
/** Without a word for so long the connection is opened anew: the browser may not notice that it is dead. */
const RECONNECT_MS = 3000

type LogListener = (entries: readonly RunLogEntry[]) => void

/** Somebody who keeps a list of runs of their own. */
export interface RunHearer {
  /** A run is new, or has changed. */
  onRun(run: Run): void
  /** Something may have been missed: the connection is new. */
  onGap(): void
}

/** What happens to runs, as the server tells it. One connection serves all pages. */
class Live {
  readonly #listeners = new Set<() => void>()
  readonly #logs = new Map<number, Set<LogListener>>()
  readonly #hearers = new Set<RunHearer>()
  readonly #active = new Map<number, Run>()
  #list: readonly Run[] = []
  #source: EventSource | undefined
  #isConnected = true
  #cancelPublish: (() => void) | undefined
  #cancelRefresh: (() => void) | undefined
  #cancelReconnect: (() => void) | undefined

  /** Runs that are under way, oldest first. */
  get runs(): readonly Run[] {
    return this.#list
  }

  /** False from the moment that the connection is lost until it is there again. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  run(id: number): Run | undefined {
    return this.#active.get(id)
  }

  /** Begins to listen; gives what ends it. */
  start(): () => void {
    this.#open()
    return () => {
      this.#cancelReconnect?.()
      this.#source?.close()
      this.#source = undefined
      this.#cancelRefresh?.()
      this.#cancelRefresh = undefined
      this.#active.clear()
      this.#publish()
    }
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  hear(hearer: RunHearer): () => void {
    this.#hearers.add(hearer)
    return () => {
      this.#hearers.delete(hearer)
    }
  }

  /** Hears the log of a run from now on. */
  follow(runId: number, listener: LogListener): () => void {
    const listeners = this.#logs.get(runId) ?? new Set()
    this.#logs.set(runId, listeners.add(listener))
    if (listeners.size === 1) this.#reopen()
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0) this.#logs.delete(runId)
    }
  }

  #open(): void {
    const logs = [...this.#logs.keys()].slice(-20)
    const source = new EventSource(logs.length === 0 ? '/api/v1/events' : `/api/v1/events?logs=${logs.join(',')}`)
    this.#source = source
    source.addEventListener('run', (event) => this.#take(JSON.parse(event.data) as Run))
    source.addEventListener('log', (event) => {
      const { runId, entries } = JSON.parse(event.data) as RunLogEvent
      for (const listener of this.#logs.get(runId) ?? []) listener(entries)
    })
    source.addEventListener('reset', () => this.#refreshAll())
    source.addEventListener('open', () => {
      this.#isConnected = true
      this.#refreshAll()
    })
    source.addEventListener('error', () => {
      if (this.#source === source) this.#lost()
      // While it connects again by itself the browser says so; after an answer that is none it gives up.
      if (source.readyState !== EventSource.CLOSED || this.#source !== source) return
      this.#cancelReconnect?.()
      this.#cancelReconnect = later(RECONNECT_MS, () => this.#source === source && this.#reopen())
    })
  }

  #reopen(): void {
    if (this.#source === undefined) return
    this.#source.close()
    this.#open()
  }

  #take(run: Run): void {
    // Only where a page has asked for it: all runs of a large server would fill the memory.
    queryClient.setQueryData(['runs', run.id], (known: Run | undefined) => known && run)
    for (const hearer of this.#hearers) hearer.onRun(run)
    const isNew = this.#active.get(run.id)?.state !== run.state
    if (run.state === 'pending' || run.state === 'running') this.#active.set(run.id, run)
    else this.#active.delete(run.id)
    this.#cancelPublish ??= later(PUBLISH_MS, () => this.#publish())
    if (isNew) this.#refresh(['runs', 'overview', 'clients', 'plans', 'snapshots', 'repositories'])
  }

  #lost(): void {
    this.#isConnected = false
    for (const listener of this.#listeners) listener()
  }

  #publish(): void {
    this.#cancelPublish?.()
    this.#cancelPublish = undefined
    this.#list = [...this.#active.values()].toSorted((a, b) => a.id - b.id)
    for (const listener of this.#listeners) listener()
  }

  /** What the server said before may have missed something. */
  #refreshAll(): void {
    this.#active.clear()
    this.#publish()
    for (const hearer of this.#hearers) hearer.onGap()
    this.#refresh(['runs', 'overview', 'clients', 'plans', 'snapshots', 'repositories'])
  }

  #refresh(nouns: readonly string[]): void {
    this.#cancelRefresh ??= later(REFRESH_MS, () => {
      this.#cancelRefresh = undefined
      for (const noun of nouns) void queryClient.invalidateQueries({ queryKey: [noun], predicate: isShort })
    })
  }
}

const live = new Live()

function isShort({ state: { data } }: Query): boolean {
  const pages = typeof data === 'object' && data !== null && 'pages' in data ? data.pages : []
  return !Array.isArray(pages) || pages.length <= FRESH_PAGES_MAX
}

/** Keeps the connection open while the component is shown. For the shell alone. */
export function useLiveConnection(): void {
  useEffect(() => live.start(), [])
}

/** Runs that were heard of and are under way, oldest first. */
export function useLiveRuns(): readonly Run[] {
  return useSyncExternalStore(live.subscribe, () => live.runs)
}

/** The latest that was heard of a run while it is under way. The query of the run (`['runs', id]`) is kept up to date as well. */
export function useLiveRun(id: number): Run | undefined {
  return useSyncExternalStore(live.subscribe, () => live.run(id))
}

/** Whether what is shown is live: false while the server cannot be heard. */
export function useIsLive(): boolean {
  return useSyncExternalStore(live.subscribe, () => live.isConnected)
}

/** Hears of every run while the component is shown; `hearer` must keep its identity. */
export function useRunEvents(hearer: RunHearer): void {
  useEffect(() => live.hear(hearer), [hearer])
}

/** Hears new lines of a run's log while the component is shown; `listener` must keep its identity. */
export function useRunLog(runId: number, listener: LogListener): void {
  useEffect(() => live.follow(runId, listener), [runId, listener])
}
