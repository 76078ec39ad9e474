import type { Clock } from '@holdfast/engine'

/** How often the database is asked for what other processes made, or whose time has come. */
const POLL_MS = 2000

/** Something that may wait for the agents of clients. */
export interface WorkSource {
  /** The clients for which something waits and may begin. */
  waitingClients(now: number): Promise<ReadonlySet<number>>
}

/**
 * Wakes those who wait for something to do for a client: at once for what happens in this process, and by one query for all from time to
 * time.
 */
export class WorkBell {
  readonly #sources: readonly WorkSource[]
  readonly #clock: Clock
  readonly #waiting = new Map<number, Set<() => void>>()
  #stopPolling: (() => void) | undefined
  #isClosed = false

  constructor(sources: readonly WorkSource[], clock: Clock) {
    this.#sources = sources
    this.#clock = clock
  }

  /** Whether the server stops: nobody shall wait any more. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Something may wait for a client now. */
  ring(clientId: number): void {
    for (const wake of [...(this.#waiting.get(clientId) ?? [])]) wake()
  }

  /** Resolves when there may be work for a client, after `waitMs`, when `signal` is aborted, or when the server stops. */
  async wait(clientId: number, { waitMs, signal }: { readonly waitMs: number; readonly signal?: AbortSignal }): Promise<void> {
    if (this.#isClosed || signal?.aborted === true) return
    const woken = new AbortController()
    const wake = (): void => woken.abort()
    signal?.addEventListener('abort', wake, { once: true })
    const others = this.#waiting.get(clientId) ?? new Set()
    this.#waiting.set(clientId, others.add(wake))
    this.#stopPolling ??= this.#clock.every(POLL_MS, () => void this.#poll())
    try {
      await this.#clock.sleep(waitMs, woken.signal).catch(() => undefined)
    } finally {
      signal?.removeEventListener('abort', wake)
      others.delete(wake)
      if (others.size === 0) this.#waiting.delete(clientId)
      if (this.#waiting.size === 0) this.#stop()
    }
  }

  /** Wakes everybody for good. */
  close(): void {
    this.#isClosed = true
    for (const clientId of [...this.#waiting.keys()]) this.ring(clientId)
  }

  async #poll(): Promise<void> {
    for (const source of this.#sources) {
      // Without an answer everybody goes on waiting.
      const clients = await source.waitingClients(this.#clock.now()).catch(() => new Set<number>())
      for (const clientId of clients) this.ring(clientId)
    }
  }

  #stop(): void {
    this.#stopPolling?.()
    this.#stopPolling = undefined
  }
}
