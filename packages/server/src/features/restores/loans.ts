import { type BlobId, type Clock, type IndexedRepository, isEngineError, LentSnapshot } from '@holdfast/engine'
import { ServerError } from '../../errors.ts'
import type { SnapshotRepositories } from '../snapshots/repositories.ts'

/** A snapshot that is lent, and the repository that it is in. */
export interface Loan {
  readonly lent: LentSnapshot
  readonly indexed: IndexedRepository
}

/** What is lent, and to which run. */
export interface Borrower {
  readonly runId: number
  readonly repositoryId: number
  readonly tree: BlobId
}

interface Entry {
  readonly loan: Promise<Loan>
  /** Runs that have asked for it and have not ended, as far as this process knows. */
  readonly runs: Set<number>
  askedAtMs: number
  /** When the snapshot was walked to its end; undefined while it is not. */
  lentAtMs: number | undefined
}

/** Snapshots whose blobs are known at once. */
const LOANS_MAX = 16
/** Nobody restores what was not asked for so long; an agent that holds back for its bandwidth gets it anew. */
const IDLE_MS = 60_000
/** What is in use is kept for so long. Then others may have its place: agents that are told to come later go on asking for ten minutes. */
const TERM_MS = 3 * 60_000
const RETRY_AFTER_SECONDS = 10

/**
 * The snapshots that are lent now. To look what a snapshot needs, all its trees are read: that is done once for all who restore it, and
 * what is in use is not dropped for others before it was kept for a while, so that many restores take turns and do not push each other out.
 */
export class Loans {
  readonly #repositories: Pick<SnapshotRepositories, 'read'>
  readonly #clock: Clock
  /** By repository and tree, the one asked for last at the end. */
  readonly #entries = new Map<string, Entry>()

  constructor({ repositories, clock }: { readonly repositories: Pick<SnapshotRepositories, 'read'>; readonly clock: Clock }) {
    this.#repositories = repositories
    this.#clock = clock
  }

  /**
   * Gives what a run restores.
   * @throws {ServerError} `server.unavailable` when too many others are lent something; what opening the repository and reading trees throw
   */
  async of(borrower: Borrower): Promise<Loan> {
    const key = keyOf(borrower)
    const now = this.#clock.now()
    const entry = this.#entries.get(key) ?? this.#begin(borrower)
    if (now - entry.askedAtMs >= IDLE_MS) entry.runs.clear()
    entry.runs.add(borrower.runId)
    entry.askedAtMs = now
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return entry.loan
  }

  /** Takes note that a read of `loan` has failed: what is known of the repository may be out of date, and is found out anew. */
  failed(borrower: Borrower, { loan, error }: { readonly loan: Loan; readonly error: unknown }): void {
    if (!isEngineError(error) || error.code === 'input.invalid') return
    const key = keyOf(borrower)
    const entry = this.#entries.get(key)
    // Others that were under way fail of the same cause: they must not drop what was found out since.
    void entry?.loan.then(
      (current) => current === loan && this.#drop(key, entry),
      () => undefined,
    )
  }

  /** Takes note that a run needs nothing any more. */
  ended(runId: number): void {
    for (const { runs } of this.#entries.values()) runs.delete(runId)
  }

  #begin({ repositoryId, tree }: Borrower): Entry {
    if (this.#entries.size >= LOANS_MAX) this.#makeRoom()
    const loan = this.#lend(repositoryId, tree)
    const entry: Entry = { loan, runs: new Set(), askedAtMs: this.#clock.now(), lentAtMs: undefined }
    loan.then(
      () => {
        entry.lentAtMs = this.#clock.now()
      },
      () => this.#drop(keyOf({ repositoryId, tree }), entry),
    )
    return entry
  }

  #makeRoom(): void {
    const now = this.#clock.now()
    for (const [key, { runs, askedAtMs, lentAtMs }] of this.#entries) {
      // The walk is under way: to begin another one beside it is what has a bound here.
      if (lentAtMs === undefined) continue
      if (runs.size > 0 && now - askedAtMs < IDLE_MS && now - lentAtMs < TERM_MS) continue
      this.#entries.delete(key)
      return
    }
    throw new ServerError('server.unavailable', `Cannot lend the snapshot now: ${LOANS_MAX} others are being restored`, {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    })
  }

  #drop(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
  }

  async #lend(repositoryId: number, tree: BlobId): Promise<Loan> {
    const indexed = await this.#repositories.read(repositoryId, { tree })
    return { indexed, lent: await LentSnapshot.of(indexed, tree) }
  }
}

function keyOf({ repositoryId, tree }: Omit<Borrower, 'runId'>): string {
  return `${repositoryId} ${tree}`
}
