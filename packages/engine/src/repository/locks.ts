import { EngineError, isEngineError, messageOf } from '../errors.ts'
import type { Id, LockId } from '../format/ids.ts'
import { decodeLockFile, encodeLockFile, type LockFile } from '../format/lock-file.ts'
import { timestampFromMs, timestampToMs } from '../format/timestamp.ts'
import { type Clock, withTimeLimit } from '../host/clock.ts'
import { type Identity, processExists, processId } from '../host/machine.ts'
import type { CallOptions, FileInfo } from '../storage/storage.ts'

/** What locking needs of a repository. */
export interface LockFiles {
  readonly location: string
  list(kind: 'locks', options?: CallOptions): AsyncIterable<FileInfo>
  loadUnpacked(kind: 'locks', id: LockId, options?: CallOptions): Promise<Buffer>
  saveUnpacked(kind: 'locks', plaintext: Uint8Array, options?: CallOptions): Promise<Id>
  removeFile(kind: 'locks', id: LockId, options?: CallOptions): Promise<void>
}

export interface LockOptions extends CallOptions {
  /** Exclusive locks bear no other lock beside them; shared ones bear other shared ones. */
  readonly exclusive?: boolean
  readonly clock: Clock
  readonly identity: Identity
  /**
   * Do not wait until two processes that lock at the same moment must have seen each other: the caller may read at once, and awaits
   * {@link RepositoryLock.confirmed} before its first write.
   */
  readonly confirmLater?: boolean
  /** How long to keep trying while another process holds a lock that excludes this one. */
  readonly retryForMs?: number
  /** Called once when waiting begins. */
  readonly onWait?: (error: EngineError) => void
  /** Called when a refresh fails; the lock lives on until it would be stale. */
  readonly onWarning?: (message: string) => void
}

/** A lock older than this is stale; restic's figure, as are the next ones. */
const STALE_AFTER_MS = 30 * 60_000
const REFRESH_EVERY_MS = 5 * 60_000
/** How often the clock is looked at: timers stand still while the machine sleeps, and an hour of sleep must be noticed soon. */
const LOOK_EVERY_MS = 5_000
/** The operation ends well before other processes may take the lock for stale. */
const LOST_AFTER_MS = STALE_AFTER_MS - REFRESH_EVERY_MS * 1.5
/** Two processes that lock at the same moment see each other after this time. */
const SETTLE_MS = 200
const FIRST_RETRY_MS = 5_000
const LAST_RETRY_MS = 60_000
const UNREADABLE_RETRIES = 3
/** A refresh has ended before the next one begins. */
const REFRESH_TIMEOUT_MS = 4 * 60_000
/** A storage that has stopped to answer must not hold up the end of the operation for longer; others take the lock for stale later. */
const RELEASE_TIMEOUT_MS = 10_000

/** A lock found in a repository. */
export interface FoundLock extends LockFile {
  readonly id: LockId
}

/** A lock that this process holds. `await using` releases it. */
export class RepositoryLock implements AsyncDisposable {
  /** Aborted with `repository.lock-lost` when the lock could not be kept alive: every operation under the lock must end then. */
  readonly signal: AbortSignal
  readonly #lost = new AbortController()
  readonly #files: LockFiles
  readonly #options: LockOptions
  readonly #stopRefreshing: () => void
  #id: LockId
  #refreshedAtMs: number
  /** When the last refresh began, whatever came of it. */
  #triedAtMs: number
  #isRefreshing = false
  #refreshing: Promise<void> = Promise.resolve()
  readonly #released = new AbortController()
  /** Files of this lock that have been replaced and could not be removed yet. */
  readonly #former = new Set<LockId>()
  readonly #confirmation: Promise<void>
  #isConfirmed = false

  private constructor(files: LockFiles, id: LockId, options: LockOptions) {
    this.#files = files
    this.#id = id
    this.#options = options
    this.#refreshedAtMs = options.clock.now()
    this.#triedAtMs = this.#refreshedAtMs
    this.signal = this.#lost.signal
    this.#stopRefreshing = options.clock.every(LOOK_EVERY_MS, () => {
      if (this.#isDue()) this.#refreshing = this.#refresh()
    })
    this.#confirmation = this.#confirm()
    this.#confirmation.catch(() => undefined)
  }

  /**
   * Takes a lock, as restic does: look for others, write the own file, wait, look again.
   * @throws {EngineError} `repository.locked` when another process holds a lock that excludes this one.
   */
  static async acquire(files: LockFiles, options: LockOptions): Promise<RepositoryLock> {
    const { clock, signal } = options
    const deadline = clock.now() + (options.retryForMs ?? 0)
    for (let pauseMs = FIRST_RETRY_MS, waiting = false; ; pauseMs = Math.min(pauseMs * 2, LAST_RETRY_MS)) {
      try {
        return await RepositoryLock.#tryOnce(files, options)
      } catch (error) {
        const leftMs = deadline - clock.now()
        if (!isEngineError(error, 'repository.locked') || leftMs <= 0) throw error
        if (!waiting) options.onWait?.(error)
        waiting = true
        await clock.sleep(Math.min(pauseMs, leftMs), signal)
      }
    }
  }

  static async #tryOnce(files: LockFiles, options: LockOptions): Promise<RepositoryLock> {
    await refuseIfLocked(files, options)
    const lock = new RepositoryLock(files, await saveLock(files, options), options)
    if (options.confirmLater === true) return lock
    try {
      await lock.confirmed()
    } catch (error) {
      await lock[Symbol.asyncDispose]()
      throw error
    }
    return lock
  }

  /**
   * Resolves when it is sure that no other process has taken a lock at the same moment that excludes this one.
   * @throws {EngineError} `repository.locked` when one has.
   */
  confirmed(): Promise<void> {
    return this.#confirmation
  }

  /** Gives the lock back. Safe to call twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopRefreshing()
    this.#released.abort(new EngineError('operation.cancelled', 'Cannot refresh the lock: it was given back'))
    await this.#refreshing
    // A look for others that is still under way must not come upon the storage when it is closed.
    await this.#confirmation.catch(() => undefined)
    for (const id of [...this.#former, this.#id]) await removeQuietly(this.#files, id, this.#options)
  }

  async #confirm(): Promise<void> {
    const { clock, signal } = this.#options
    const own = this.#id
    await clock.sleep(SETTLE_MS, signal)
    await refuseIfLocked(this.#files, { ...this.#options, own })
    this.#isConfirmed = true
  }

  #isDue(): boolean {
    // Until then the look for others knows this lock by its first file: one that replaced it would be taken for another process's.
    if (this.#isRefreshing || !this.#isConfirmed) return false
    const sinceMs = this.#options.clock.now() - this.#triedAtMs
    // A clock that was set back says nothing about how long ago that was.
    return sinceMs >= REFRESH_EVERY_MS || sinceMs < 0
  }

  async #refresh(): Promise<void> {
    const { clock, onWarning } = this.#options
    this.#isRefreshing = true
    this.#triedAtMs = clock.now()
    try {
      await withTimeLimit(clock, REFRESH_TIMEOUT_MS, (limit) => this.#replace(AbortSignal.any([limit, this.#released.signal])))
    } catch (error) {
      if (this.#released.signal.aborted) return
      onWarning?.(`Cannot refresh the lock of ${this.#files.location}: ${messageOf(error)}`)
      if (clock.now() - this.#refreshedAtMs > LOST_AFTER_MS) this.#lose(messageOf(error))
    } finally {
      this.#isRefreshing = false
    }
  }

  async #replace(signal: AbortSignal): Promise<void> {
    // The time that the new file will have, however long it takes to write.
    const savedAtMs = this.#options.clock.now()
    const late = savedAtMs - this.#refreshedAtMs > LOST_AFTER_MS
    // After a long sleep of the machine others may have removed the lock and gone to work: it counts only while its file is there.
    if (late && !(await lockExists(this.#files, this.#id, { signal }))) return this.#lose('its file was removed')
    const replacement = await saveLock(this.#files, { ...this.#options, signal })
    this.#former.add(this.#id)
    this.#id = replacement
    this.#refreshedAtMs = savedAtMs
    for (const id of this.#former) {
      await this.#files.removeFile('locks', id, { signal })
      this.#former.delete(id)
    }
  }

  #lose(state: string): void {
    this.#lost.abort(new EngineError('repository.lock-lost', `Cannot keep the lock of ${this.#files.location}: ${state}`))
  }
}

/** All locks of a repository; files that are empty (torn uploads) are left out, unreadable ones reject. */
export async function listLocks(files: LockFiles, options: CallOptions = {}): Promise<FoundLock[]> {
  const found: FoundLock[] = []
  for await (const { name, sizeBytes } of files.list('locks', options)) {
    if (sizeBytes === 0) continue
    const id = name as LockId
    try {
      found.push({ id, ...decodeLockFile(await files.loadUnpacked('locks', id, options)) })
    } catch (error) {
      // A lock that is given back between listing and reading is no lock any more.
      if (!isEngineError(error, 'storage.not-found')) throw error
    }
  }
  return found
}

/** Whether the holder of a lock is gone: the lock is older than 30 minutes, or its process on this machine has ended. */
export function isStaleLock(lock: LockFile, options: { readonly clock: Clock; readonly identity: Identity }): boolean {
  if (options.clock.now() - timestampToMs(lock.time) > STALE_AFTER_MS) return true
  return lock.hostname === options.identity.hostname && !processExists(lock.pid)
}

/** Removes stale locks, or all of them; returns how many. Lock files that cannot be read are removed only with `all`. */
export async function removeLocks(
  files: LockFiles,
  options: CallOptions & { readonly all: boolean; readonly clock: Clock; readonly identity: Identity },
): Promise<number> {
  const doomed: LockId[] = []
  for await (const { name } of files.list('locks', options)) {
    const id = name as LockId
    if (options.all || (await isStaleFile(files, id, options))) doomed.push(id)
  }
  for (const id of doomed) await files.removeFile('locks', id, options)
  return doomed.length
}

async function isStaleFile(
  files: LockFiles,
  id: LockId,
  options: { readonly clock: Clock; readonly identity: Identity },
): Promise<boolean> {
  try {
    return isStaleLock(decodeLockFile(await files.loadUnpacked('locks', id)), options)
  } catch (error) {
    if (isEngineError(error, 'storage.not-found', 'data.damaged', 'data.malformed')) return false
    throw error
  }
}

async function refuseIfLocked(files: LockFiles, options: LockOptions & { readonly own?: LockId }): Promise<void> {
  for (const other of await listPatiently(files, options)) {
    if (other.id === options.own || !(other.exclusive || options.exclusive === true)) continue
    const kind = other.exclusive ? 'exclusively ' : ''
    const since = new Date(timestampToMs(other.time)).toISOString()
    throw new EngineError(
      'repository.locked',
      `Cannot lock ${files.location}: it is ${kind}locked by PID ${other.pid} on ${other.hostname} by ${other.username} since ${since} ` +
        `(lock ${other.id.slice(0, 8)}; \`unlock\` removes the locks of processes that are gone)`,
    )
  }
}

/** Lists locks, and reads an unreadable one again after a pause: a storage may show a file before it is whole. */
async function listPatiently(files: LockFiles, options: LockOptions): Promise<FoundLock[]> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await listLocks(files, options)
    } catch (error) {
      if (!isEngineError(error, 'data.damaged', 'data.malformed') || attempt === UNREADABLE_RETRIES) throw error
      await options.clock.sleep(SETTLE_MS * 2 ** attempt, options.signal)
    }
  }
}

async function saveLock(files: LockFiles, options: LockOptions): Promise<LockId> {
  const { hostname, username, uid, gid } = options.identity
  const lock: LockFile = {
    time: timestampFromMs(options.clock.now()),
    exclusive: options.exclusive === true,
    hostname,
    username,
    pid: processId(),
    uid,
    gid,
  }
  return (await files.saveUnpacked('locks', encodeLockFile(lock), { signal: options.signal })) as LockId
}

async function lockExists(files: LockFiles, id: LockId, options: CallOptions): Promise<boolean> {
  for await (const { name } of files.list('locks', options)) if (name === id) return true
  return false
}

async function removeQuietly(files: LockFiles, id: LockId, options: LockOptions): Promise<void> {
  try {
    await withTimeLimit(options.clock, RELEASE_TIMEOUT_MS, (signal) => files.removeFile('locks', id, { signal }))
  } catch (error) {
    options.onWarning?.(`Cannot remove the lock ${id.slice(0, 8)} of ${files.location}: ${messageOf(error)}`)
  }
}
