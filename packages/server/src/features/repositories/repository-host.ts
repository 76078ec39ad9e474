import { BlobIngest, type Clock, type IndexedRepository, isEngineError, type OpenRepository } from '@holdfast/engine'
import { ServerError } from '../../errors.ts'
import { lockPastStale } from './lock-past-stale.ts'

interface RepositoryHostOptions {
  /** Opens the repository: storage, password, key. Closing its storage is the host's. */
  readonly open: () => Promise<OpenRepository>
  readonly clock: Clock
  /** Threads that verify and seal; as many as there are cores if absent. */
  readonly workers?: number
}

/** A repository that is open for any number of writers in this process. */
export interface HostedRepository {
  readonly indexed: IndexedRepository
  readonly ingest: BlobIngest
  /** Aborted when the repository cannot be written to any more through this: its lock was lost, or something could not be stored. */
  readonly signal: AbortSignal
  /** Makes everything durable that was taken so far. Callers at the same time share the work. */
  checkpoint(): Promise<void>
}

/** The right to use a hosted repository. Given back by disposal, once. */
export interface HostUse extends Disposable {
  readonly hosted: HostedRepository
}

/** The lock is given back when nobody has used the repository for so long: who has just seen a backup end may check it with restic. */
const IDLE_MS = 10_000
const LOOK_EVERY_MS = 5000
const LOCK_RETRY_MS = 20_000
/** A client that is told to come back later does so after this time. */
const RETRY_AFTER_SECONDS = 5

/**
 * Keeps one repository open while clients write to it: one shared lock, one index in memory, one writer for all of them. Opens it at the
 * first use, anew after a failure, and gives it up when it is idle or when somebody wants it for himself ({@link RepositoryHost.pause}).
 */
class RepositoryHost {
  readonly #options: RepositoryHostOptions
  #opening: Promise<OpenHost> | undefined
  #pauses = 0
  #uses = 0
  readonly #closing = new Set<Promise<void>>()

  constructor(options: RepositoryHostOptions) {
    this.#options = options
  }

  /**
   * Takes the repository into use.
   * @throws {ServerError} `server.unavailable` while it is paused; what opening throws.
   */
  async use(): Promise<HostUse> {
    if (this.#pauses > 0) throw busy()
    const host = await this.#open()
    if (this.#pauses > 0 || host.signal.aborted) throw busy()
    host.users++
    this.#uses++
    let isGivenBack = false
    return {
      hosted: host,
      [Symbol.dispose]: () => {
        if (isGivenBack) return
        isGivenBack = true
        this.#uses--
        host.leave()
      },
    }
  }

  /** Whether somebody uses the repository now. */
  get isInUse(): boolean {
    return this.#uses > 0
  }

  /**
   * Gives the repository up, so that a prune can lock it for itself; nobody can use it until what is returned is disposed of. Waits for
   * those who use it, for `graceMs` at most: then their uploads end and have to be begun again.
   */
  async pause(options: { readonly graceMs: number }): Promise<AsyncDisposable> {
    const { clock } = this.#options
    this.#pauses++
    const host = await this.#opening?.catch(() => undefined)
    for (const until = clock.now() + options.graceMs; host !== undefined && host.users > 0 && clock.now() < until; ) await clock.sleep(100)
    await this.#close(host)
    let isOver = false
    return {
      [Symbol.asyncDispose]: async () => {
        if (!isOver) this.#pauses--
        isOver = true
      },
    }
  }

  #open(): Promise<OpenHost> {
    this.#opening ??= OpenHost.open(this.#options, (host) => void this.#close(host)).catch((error: unknown) => {
      this.#opening = undefined
      if (isEngineError(error, 'repository.locked')) throw busy(error)
      throw error
    })
    return this.#opening
  }

  async #close(host: OpenHost | undefined): Promise<void> {
    if (host !== undefined && (await this.#opening?.catch(() => undefined)) === host) {
      this.#opening = undefined
      const closed = host.close().finally(() => this.#closing.delete(closed))
      this.#closing.add(closed)
    }
    await Promise.all(this.#closing)
  }
}

type HeldLock = Awaited<ReturnType<OpenRepository['lock']>>

class OpenHost implements HostedRepository {
  readonly indexed: IndexedRepository
  readonly signal: AbortSignal
  users = 0
  readonly #failed: AbortController
  readonly #ended = Promise.withResolvers<void>()
  readonly #clock: Clock
  readonly #stopLooking: () => void
  #ingest: BlobIngest | undefined
  #writing: Promise<void> = Promise.resolve()
  #idleSinceMs: number
  #current: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  private constructor(indexed: IndexedRepository, options: { readonly clock: Clock; readonly onEnd: (host: OpenHost) => void }) {
    this.indexed = indexed
    this.#clock = options.clock
    this.#failed = new AbortController()
    this.signal = this.#failed.signal
    this.#idleSinceMs = options.clock.now()
    this.#ended.promise.catch(() => undefined)
    this.#stopLooking = options.clock.every(LOOK_EVERY_MS, () => {
      const isIdle = this.users === 0 && options.clock.now() - this.#idleSinceMs > IDLE_MS
      if (isIdle || this.signal.aborted) options.onEnd(this)
    })
    this.signal.addEventListener('abort', () => options.onEnd(this), { once: true })
  }

  static async open(options: RepositoryHostOptions, onEnd: (host: OpenHost) => void): Promise<OpenHost> {
    const repository = await options.open()
    try {
      // Nothing is written before the lock is confirmed; until then the index is read and threads load.
      const lock = await lockPastStale(repository, { retryForMs: LOCK_RETRY_MS, confirmLater: true })
      try {
        const host = new OpenHost(await repository.loadIndex(), { clock: options.clock, onEnd })
        lock.signal.addEventListener('abort', () => host.#fail(lock.signal.reason), { once: true })
        await host.#begin({ ...options, lock })
        return host
      } catch (error) {
        await lock[Symbol.asyncDispose]()
        throw error
      }
    } catch (error) {
      await repository.storage.close()
      throw error
    }
  }

  get ingest(): BlobIngest {
    if (this.#ingest === undefined) throw busy()
    return this.#ingest
  }

  checkpoint(): Promise<void> {
    // What is handed over while a checkpoint is under way is not part of it: the next one is for all who come meanwhile.
    this.#next ??= this.#current
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        this.#current = this.ingest.checkpoint()
        return this.#current
      })
    return this.#next
  }

  leave(): void {
    this.users--
    this.#idleSinceMs = this.#clock.now()
  }

  /** Ends the write and gives the lock back; what was taken and is sound stays. Never rejects. */
  async close(): Promise<void> {
    this.#stopLooking()
    this.#ended.resolve()
    await this.#writing.catch(() => undefined)
    this.#fail(busy())
  }

  async #begin({ workers, lock }: RepositoryHostOptions & { readonly lock: HeldLock }): Promise<void> {
    const begun = Promise.withResolvers<void>()
    const write = this.indexed.write(
      async (writer) => {
        const ingest = new BlobIngest(this.indexed, writer, {
          ...(workers === undefined ? {} : { workers }),
          onFailure: (error) => this.#fail(error),
        })
        this.#ingest = ingest
        begun.resolve()
        try {
          await this.#ended.promise
          await ingest.checkpoint()
        } finally {
          await ingest.close()
        }
      },
      { signal: lock.signal, permission: lock.confirmed() },
    )
    this.#writing = this.#endAfter(write, lock)
    this.#writing.catch((error: unknown) => {
      begun.reject(error)
      this.#fail(error)
    })
    await begun.promise
  }

  async #endAfter(write: Promise<void>, lock: HeldLock): Promise<void> {
    try {
      await write
    } finally {
      await lock[Symbol.asyncDispose]()
      await this.indexed.repository.storage.close()
    }
  }

  #fail(error: unknown): void {
    if (this.signal.aborted) return
    this.#ended.reject(error)
    this.#failed.abort(error)
  }
}

/** The hosts of all repositories that this process writes to, each made at its first use. */
export class RepositoryHosts {
  readonly #hosts = new Map<number, RepositoryHost>()
  readonly #options: Omit<RepositoryHostOptions, 'open'> & { readonly open: (repositoryId: number) => Promise<OpenRepository> }

  constructor(options: Omit<RepositoryHostOptions, 'open'> & { readonly open: (repositoryId: number) => Promise<OpenRepository> }) {
    this.#options = options
  }

  /** The host of a repository. */
  of(repositoryId: number): RepositoryHost {
    const known = this.#hosts.get(repositoryId)
    if (known !== undefined) return known
    const host = new RepositoryHost({ ...this.#options, open: () => this.#options.open(repositoryId) })
    this.#hosts.set(repositoryId, host)
    return host
  }

  /** Gives all repositories up for good, after `graceMs` at most. */
  async close(options: { readonly graceMs: number }): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.pause(options)))
  }
}

function busy(cause?: unknown): ServerError {
  return new ServerError('server.unavailable', 'Cannot use the repository now: it is being maintained or was given up', {
    cause,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  })
}
