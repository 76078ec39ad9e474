import { type BlobId, byteStringOf, type IndexedRepository, isEngineError, LentSnapshot } from '@holdfast/engine'
import type { Lent, NewRestore, OwnRestore, OwnSnapshots, RestoreOrder, Run, RunOrder } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import type { AgentActor, UserActor } from '../../http/actor.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import type { Clients } from '../clients/clients.ts'
import { settingsOf } from '../clients/inheritance.ts'
import type { AgentRuns } from '../runs/agent-runs.ts'
import type { Runs } from '../runs/runs.ts'
import type { SnapshotRepositories } from '../snapshots/repositories.ts'
import { addressOf } from '../snapshots/snapshot-path.ts'
import type { Snapshots } from '../snapshots/snapshots.ts'
import type { RegisteredSnapshot, SnapshotStore } from '../snapshots/store.ts'

/** Snapshots whose blobs are known, for restores that are under way. */
const LENT_MAX = 16
/** More than one machine makes in years; older ones are restored from the pages. */
const OWN_SNAPSHOTS_MAX = 1000

export interface RestoresOptions {
  readonly snapshots: Snapshots
  readonly snapshotStore: SnapshotStore
  readonly clients: Clients
  readonly runs: Runs
  readonly agentRuns: AgentRuns
  readonly repositories: Pick<SnapshotRepositories, 'read'>
  readonly audit: Audit
}

/** A snapshot that is lent, and the repository that it is in. */
interface Loan {
  readonly lent: LentSnapshot
  readonly indexed: IndexedRepository
}

/** Restores to machines: their agents carry them out, and are lent what one snapshot needs. */
export class Restores {
  readonly #options: RestoresOptions
  /** By repository and tree, the one used last at the end. */
  readonly #loans = new Map<string, Promise<Loan>>()

  constructor(options: RestoresOptions) {
    this.#options = options
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
    const restore = orderOf(snapshot, request)
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
    const restore = orderOf(snapshot, request)
    const order = await agentRuns.beginRestore(agent, { instance: request.instance, repositoryId: snapshot.repository_id, restore })
    const { target, paths } = restore
    await audit.record(origin, {
      action: 'snapshot.restore',
      subject: `snapshot ${snapshot.id}`,
      detail: { clientId: agent.clientId, runId: order.runId, target, paths },
    })
    return order
  }

  /** What an agent needs to know of the snapshot that its run restores. @throws {ServerError} `not-found` for runs of others. */
  async describe(agent: AgentActor, runId: number): Promise<Lent> {
    const { tree, repositoryId } = await this.#restoring(agent, runId)
    const { lent, indexed } = await this.#loan(repositoryId, tree)
    return { tree, chunkerPolynomial: indexed.repository.config.chunker_polynomial, indexParts: lent.indexParts }
  }

  /**
   * Reads of what is lent to the run of an agent.
   * @throws {ServerError} `not-found` for runs of others; what `action` throws.
   */
  async read<Result>(agent: AgentActor, runId: number, action: (lent: LentSnapshot) => Promise<Result> | Result): Promise<Result> {
    const { tree, repositoryId } = await this.#restoring(agent, runId)
    const { lent } = await this.#loan(repositoryId, tree)
    try {
      return await action(lent)
    } catch (error) {
      // What was known of the repository may be out of date; who asks again gets it as it is now.
      if (!isEngineError(error, 'input.invalid')) this.#loans.delete(keyOf(repositoryId, tree))
      throw error
    }
  }

  async #restoring(agent: AgentActor, runId: number): Promise<{ readonly tree: BlobId; readonly repositoryId: number }> {
    const { agentRuns, snapshotStore } = this.#options
    const { repositoryId, restore } = await agentRuns.restoring(agent, runId)
    const snapshot = await snapshotStore.findByName(repositoryId, restore.snapshotId)
    if (snapshot === undefined) throw notFound(`the snapshot ${restore.snapshotId.slice(0, 8)}`)
    return { tree: snapshot.tree_id, repositoryId }
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

  #loan(repositoryId: number, tree: BlobId): Promise<Loan> {
    const key = keyOf(repositoryId, tree)
    const known = this.#loans.get(key)
    const loan = known ?? this.#lend(repositoryId, tree)
    this.#loans.delete(key)
    this.#loans.set(key, loan)
    for (const oldest of this.#loans.keys()) if (this.#loans.size > LENT_MAX) this.#loans.delete(oldest)
    loan.catch(() => this.#loans.delete(key))
    return loan
  }

  async #lend(repositoryId: number, tree: BlobId): Promise<Loan> {
    const indexed = await this.#options.repositories.read(repositoryId, { tree })
    return { indexed, lent: await LentSnapshot.of(indexed, tree) }
  }
}

function keyOf(repositoryId: number, tree: BlobId): string {
  return `${repositoryId} ${tree}`
}

/** To where everything came from means: to the folders that were backed up, and to nothing beside them. */
function orderOf(snapshot: RegisteredSnapshot, { paths, target, overwrite, delete: removes }: Omit<NewRestore, 'clientId'>): RestoreOrder {
  const all = (JSON.parse(snapshot.paths) as string[]).map((path) => addressOf(byteStringOf(path)))
  return {
    snapshotId: snapshot.snapshot_id,
    paths: paths.length === 0 && target === null ? all : [...paths],
    target,
    overwrite,
    delete: removes,
  }
}
