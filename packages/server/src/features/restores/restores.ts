import {
  type Clock,
  findNode,
  type IndexedRepository,
  isEngineError,
  type LentSnapshot,
  measureRestore,
  type RestoreMeasure,
  selectPaths,
} from '@holdfast/engine'
import type { Lent, NewRestore, OwnRestore, OwnSnapshots, RestoreOrder, Run, RunOrder } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import type { AgentActor, UserActor } from '../../http/actor.ts'
import { ByteBudget } from '../../http/byte-budget.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import type { Clients } from '../clients/clients.ts'
import { settingsOf } from '../clients/inheritance.ts'
import type { AgentRuns } from '../runs/agent-runs.ts'
import type { Runs } from '../runs/runs.ts'
import type { SnapshotRepositories } from '../snapshots/repositories.ts'
import { pathOfAddress } from '../snapshots/snapshot-path.ts'
import type { Snapshots } from '../snapshots/snapshots.ts'
import type { RegisteredSnapshot, SnapshotStore } from '../snapshots/store.ts'
import { type Borrower, type Loan, Loans } from './loans.ts'
import { orderOf, sourcesOf } from './restore-order.ts'

/** More than one machine makes in years; older ones are restored from the pages. */
const OWN_SNAPSHOTS_MAX = 1000
/** What all reads of lent snapshots hold in memory at most: a largest one and then some. */
const MEMORY_BYTES = 192 * 1024 * 1024
const CLIENT_MEMORY_BYTES = 128 * 1024 * 1024
const WAITERS_MAX = 1000
/** Some ten thousand folders of a repository on the same machine. */
const MEASURE_MS = 2000

export interface RestoresOptions {
  readonly snapshots: Snapshots
  readonly snapshotStore: SnapshotStore
  readonly clients: Clients
  readonly runs: Runs
  readonly agentRuns: AgentRuns
  readonly repositories: Pick<SnapshotRepositories, 'read'>
  readonly audit: Audit
  readonly clock: Clock
}

interface RestoringRun extends Borrower {
  readonly paths: readonly string[]
  readonly snapshot: RegisteredSnapshot
}

/** A read of what is lent. */
export interface LentRead<Result> {
  /** What it holds in memory until its answer is sent. */
  readonly sizeBytes: number
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal
  action(lent: LentSnapshot): Promise<Result> | Result
}

/** Restores to machines: their agents carry them out, and are lent what one snapshot needs. */
export class Restores {
  readonly #options: RestoresOptions
  readonly #loans: Loans
  /** What reads of lent snapshots hold. */
  readonly memory: ByteBudget = new ByteBudget({
    totalBytes: MEMORY_BYTES,
    shareBytes: CLIENT_MEMORY_BYTES,
    waitersMax: WAITERS_MAX,
  })

  constructor(options: RestoresOptions) {
    this.#options = options
    this.#loans = new Loans(options)
    options.runs.onRunEnded(({ run }) => this.#loans.ended(run.id))
  }

  /**
   * Has an agent bring files of a snapshot back, to its own client or to another one that the actor sees.
   * @throws {ServerError} `not-found`; `request.conflict` when the snapshot is nobody's or the client is disabled.
   */
  async push(actor: UserActor, id: number, { request, origin }: { readonly request: NewRestore; readonly origin: Origin }): Promise<Run> {
    const { snapshots, clients, runs, audit } = this.#options
    const snapshot = await snapshots.visible(actor, id)
    const clientId = request.clientId ?? snapshot.client_id
    if (clientId === null) throw new ServerError('request.conflict', 'Cannot restore: no client made the snapshot; name one')
    const client = await clients.visible(actor, clientId)
    if (!(await clients.isInService(client.id))) {
      throw new ServerError('request.conflict', `Cannot restore: the client ${client.name}, or the user whom it belongs to, is disabled`)
    }
    const restore = await this.#orderOf(snapshot, request)
    const run = await runs.create({ kind: 'restore', clientId, repositoryId: snapshot.repository_id, restore, trigger: 'manual' })
    const { target, paths } = restore
    await audit.record(origin, {
      action: 'snapshot.restore',
      subject: `snapshot ${id}`,
      detail: { clientId, runId: run.id, target, paths },
    })
    return run
  }

  /** The snapshots of an agent's client, newest first. */
  async own({ clientId }: AgentActor): Promise<OwnSnapshots> {
    const rows = await this.#options.snapshotStore.list({ clientId }, { limit: OWN_SNAPSHOTS_MAX })
    return {
      items: rows.map((row) => ({
        snapshotId: row.snapshot_id,
        time: new Date(row.time).toISOString(),
        paths: JSON.parse(row.paths) as string[],
        tags: JSON.parse(row.tags) as string[],
        sizeBytes: row.size_bytes,
        fileCount: row.file_count,
      })),
    }
  }

  /**
   * Begins a restore that a machine itself asks for.
   * @throws {ServerError} `auth.forbidden` when the client may not; `not-found`; `request.conflict` while it carries out another run.
   */
  async begin(agent: AgentActor, request: OwnRestore, origin: Origin): Promise<RunOrder> {
    const { clients, agentRuns, audit } = this.#options
    const { mayRestore } = settingsOf(await clients.byId(agent.clientId))
    if (!mayRestore) throw new ServerError('auth.forbidden', 'Cannot restore: the owner of the client does not allow it')
    const snapshot = await this.#find(agent.clientId, request.snapshot)
    const restore = await this.#orderOf(snapshot, request)
    const order = await agentRuns.beginRestore(agent, { instance: request.instance, repositoryId: snapshot.repository_id, restore })
    const { target, paths } = restore
    await audit.record(origin, {
      action: 'snapshot.restore',
      subject: `snapshot ${snapshot.id}`,
      detail: { clientId: agent.clientId, runId: order.runId, target, paths },
    })
    return order
  }

  /**
   * What an agent needs to know of the snapshot that its run restores.
   * @throws {ServerError} `not-found` for runs of others; `server.unavailable` while too many others restore.
   */
  async describe(agent: AgentActor, runId: number): Promise<Lent> {
    const borrower = await this.#restoring(agent, runId)
    const { lent, indexed } = await this.#loans.of(borrower)
    const { tree, paths, snapshot } = borrower
    const total = (await this.#measure(indexed, { tree, ...selectPaths(paths.map(pathOfAddress)) })) ?? knownTotal(snapshot, paths)
    return { tree, chunkerPolynomial: indexed.repository.config.chunker_polynomial, indexParts: lent.indexParts, total }
  }

  /** How much is restored. Null where that is not soon known: the restore is what somebody waits for. */
  async #measure(indexed: IndexedRepository, request: Parameters<typeof measureRestore>[1]): Promise<RestoreMeasure | null> {
    const enough = new AbortController()
    const done = new AbortController()
    const { clock } = this.#options
    const giveUp = clock.sleep(MEASURE_MS, done.signal).then(() => enough.abort())
    try {
      return await measureRestore(indexed, request, { signal: enough.signal })
    } catch {
      // What cannot be read is met again by the restore, which says so.
      return null
    } finally {
      done.abort()
      await giveUp.catch(() => undefined)
    }
  }

  /**
   * Reads of what is lent to the run of an agent, when there is memory for it. That is given back when what is returned with it is
   * disposed of.
   * @throws {ServerError} `not-found` for runs of others; `server.unavailable` while too many others read or restore; what `action` throws.
   */
  async read<Result>(
    agent: AgentActor,
    runId: number,
    read: LentRead<Result>,
  ): Promise<{ readonly result: Result; readonly room: Disposable }> {
    const { signal } = read
    const borrower = await this.#restoring(agent, runId)
    // First: it may take minutes, for which nobody else shall wait.
    const loan = await this.#loans.of(borrower)
    const room = await this.memory.take(`client ${agent.clientId}`, read.sizeBytes, { signal })
    try {
      const result = await this.#readOf(borrower, loan, read)
      return { result, room }
    } catch (error) {
      room[Symbol.dispose]()
      throw error
    }
  }

  async #readOf<Result>(borrower: Borrower, loan: Loan, { action }: LentRead<Result>): Promise<Result> {
    try {
      return await action(loan.lent)
    } catch (error) {
      this.#loans.failed(borrower, { loan, error })
      throw error
    }
  }

  async #restoring(agent: AgentActor, runId: number): Promise<RestoringRun> {
    const { agentRuns, snapshotStore } = this.#options
    const { repositoryId, restore } = await agentRuns.restoring(agent, runId)
    const snapshot = await snapshotStore.findByName(repositoryId, restore.snapshotId)
    if (snapshot === undefined) throw notFound(`the snapshot ${restore.snapshotId.slice(0, 8)}`)
    return { runId, tree: snapshot.tree_id, repositoryId, paths: restore.paths, snapshot }
  }

  async #orderOf(snapshot: RegisteredSnapshot, request: Omit<NewRestore, 'clientId'>): Promise<RestoreOrder> {
    return orderOf(snapshot, request, request.target !== null || (await this.#isInPlace(snapshot)))
  }

  /** Whether a snapshot has what was backed up under its own path. Of what it was told as a relative one, restic keeps nothing above. */
  async #isInPlace(snapshot: RegisteredSnapshot): Promise<boolean> {
    const { repository_id: repositoryId, tree_id: tree, run_id: runId } = snapshot
    // Agents back up absolute paths.
    if (runId !== null) return true
    try {
      const indexed = await this.#options.repositories.read(repositoryId, { tree })
      for (const source of sourcesOf(snapshot)) await findNode(indexed, tree, { path: pathOfAddress(source) })
      return true
    } catch (error) {
      // What cannot be read is met again by the restore, which says so.
      return !isEngineError(error, 'path.not-found')
    }
  }

  async #find(clientId: number, wanted: string): Promise<RegisteredSnapshot> {
    const { snapshotStore } = this.#options
    const rows = await snapshotStore.list({ clientId }, { limit: wanted === 'latest' ? 1 : OWN_SNAPSHOTS_MAX })
    const found = wanted === 'latest' ? rows : rows.filter(({ snapshot_id }) => snapshot_id.startsWith(wanted))
    const [snapshot] = found
    if (snapshot === undefined) throw notFound(wanted === 'latest' ? 'a snapshot of this client' : `the snapshot ${wanted} of this client`)
    if (found.length > 1)
      throw new ServerError('request.conflict', `Cannot tell which snapshot is meant: ${found.length} begin with ${wanted}`)
    return snapshot
  }
}

/** What the register knows of a snapshot, where all of it is restored. */
function knownTotal(snapshot: RegisteredSnapshot, paths: readonly string[]): RestoreMeasure | null {
  const { size_bytes: bytes, file_count: files } = snapshot
  const sources = sourcesOf(snapshot)
  const isWhole = paths.length === 0 || (sources.length > 0 && sources.every((source) => paths.includes(source)))
  return isWhole && bytes !== null && files !== null ? { files, bytes } : null
}
