import { changeTags, executeForget, isEngineError, loadSnapshot, type OpenRepository, planForgetOf } from '@holdfast/engine'
import type { ForgetPlanView, SnapshotQuery, SnapshotView } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import { sees, type UserActor, visibleOwner } from '../../http/actor.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import type { SnapshotRepositories } from './repositories.ts'
import type { RegisteredSnapshot, SnapshotPosition, SnapshotStore } from './store.ts'

/** What the index of files knows of a snapshot. */
export interface LostVersions {
  readonly count: number
  readonly sizeBytes: number
}

export interface SnapshotsOptions {
  readonly store: SnapshotStore
  readonly repositories: SnapshotRepositories
  readonly audit: Pick<Audit, 'record'>
  /** The index of files. */
  readonly index: {
    /** File versions that no other snapshot holds; undefined while the snapshot is not in the index. */
    lostWith(id: number): Promise<LostVersions | undefined>
    /** Told that snapshots have come or gone. */
    wake(): void
  }
}

/** The register of snapshots: who may see which, and what is done to them as a whole. */
export class Snapshots {
  readonly #options: SnapshotsOptions

  constructor(options: SnapshotsOptions) {
    this.#options = options
  }

  /** Those that the actor may see, newest first. */
  async list(actor: UserActor, query: SnapshotQuery): Promise<{ readonly items: SnapshotView[]; readonly next: string | null }> {
    const { limit, cursor, from, until, ...filter } = query
    const rows = await this.#options.store.list(
      { ...filter, ownerId: visibleOwner(actor), fromMs: milliseconds(from), untilMs: milliseconds(until) },
      { limit: limit + 1, after: cursor === undefined ? undefined : parsePosition(cursor) },
    )
    const items = rows.slice(0, limit)
    const last = items.at(-1)
    return { items: items.map(toView), next: rows.length > limit && last !== undefined ? `${last.time}.${last.id}` : null }
  }

  async get(actor: UserActor, id: number): Promise<SnapshotView> {
    return toView(await this.visible(actor, id))
  }

  /** The snapshot, if the actor may see it: others' and those that nobody's client made are as if they were not. */
  async visible(actor: UserActor, id: number): Promise<RegisteredSnapshot> {
    const found = await this.#options.store.find(id)
    if (found === undefined || !sees(actor, found.owner_id)) throw notFound(`snapshot ${id}`)
    return found
  }

  /**
   * Whether retention policies leave a snapshot alone.
   * @throws {ServerError} `request.conflict` for one that is being forgotten
   */
  async pin(
    actor: UserActor,
    id: number,
    { isPinned, origin }: { readonly isPinned: boolean; readonly origin: Origin },
  ): Promise<SnapshotView> {
    const snapshot = await this.visible(actor, id)
    if ((snapshot.is_pinned === 1) !== isPinned) {
      const isDone = await this.#options.store.setPinned(id, isPinned)
      if (!isDone) throw new ServerError('request.conflict', `Cannot change snapshot ${id}: it is being forgotten`)
      await this.#record(origin, { snapshot, action: isPinned ? 'snapshot.pinned' : 'snapshot.unpinned' })
    }
    return toView({ ...snapshot, is_pinned: isPinned ? 1 : 0 })
  }

  /** Replaces the tags of a snapshot, here and in the repository, where it gets another id by that. */
  async setTags(
    actor: UserActor,
    id: number,
    { tags, origin }: { readonly tags: readonly string[]; readonly origin: Origin },
  ): Promise<SnapshotView> {
    const { store, repositories } = this.#options
    const before = await this.visible(actor, id)
    const now = [...new Set(tags)]
    if (JSON.stringify(now) === before.tags) return toView(before)
    const snapshotId = await repositories.alter(before.repository_id, async (repository, signal) => {
      // Until the repository was had, somebody else may have changed them.
      const stored = await loadRegistered(repository, await this.visible(actor, id), signal)
      const { changed, failed } = await changeTags(repository, [stored], { change: { set: now }, signal })
      const [failure] = failed.values()
      if (failure !== undefined) throw failure
      const snapshotId = changed.get(stored.id) ?? stored.id
      await store.replace(id, { snapshotId, tags: now })
      return snapshotId
    })
    const after = { ...before, snapshot_id: snapshotId, tags: JSON.stringify(now) }
    await this.#record(origin, { snapshot: after, action: 'snapshot.tagged', detail: { before: JSON.parse(before.tags), after: now } })
    return toView(after)
  }

  /** What would be lost; nothing happens. */
  async planForget(actor: UserActor, id: number): Promise<ForgetPlanView> {
    const { store, index } = this.#options
    const snapshot = await this.visible(actor, id)
    const [remainingCount, hasYounger, lost] = await Promise.all([
      store.countSiblings(snapshot),
      store.hasYounger(snapshot),
      index.lostWith(id),
    ])
    return {
      snapshot: toView(snapshot),
      remainingCount,
      isNewest: !hasYounger,
      lostVersionCount: lost?.count ?? null,
      lostVersionBytes: lost?.sizeBytes ?? null,
    }
  }

  /**
   * Removes a snapshot; its data goes with the next prune.
   * @throws {ServerError} `request.conflict` for one that is pinned
   */
  async forget(actor: UserActor, id: number, origin: Origin): Promise<void> {
    const { store, repositories, index } = this.#options
    const snapshot = await this.visible(actor, id)
    if (snapshot.is_pinned === 1) throw pinned(id)
    await repositories.alter(snapshot.repository_id, async (repository, signal) => {
      const current = await this.visible(actor, id)
      if (current.tree_id !== snapshot.tree_id) throw new ServerError('request.conflict', `Cannot forget snapshot ${id}: it has changed`)
      if (!(await store.setLeaving(id, true))) throw pinned(id)
      try {
        await forgetRegistered(repository, current, signal)
        await store.remove(id)
      } catch (error) {
        await store.setLeaving(id, false)
        throw error
      }
    })
    await this.#record(origin, { snapshot, action: 'snapshot.forgotten', detail: { time: new Date(snapshot.time).toISOString() } })
    index.wake()
  }

  async #record(
    origin: Origin,
    event: { readonly snapshot: RegisteredSnapshot; readonly action: string; readonly detail?: Readonly<Record<string, unknown>> },
  ): Promise<void> {
    const { snapshot, action, detail = {} } = event
    const { snapshot_id: snapshotId, repository_id: repositoryId, client_id: clientId } = snapshot
    await this.#options.audit.record(origin, {
      action,
      subject: `snapshot ${snapshot.id}`,
      detail: { snapshotId, repositoryId, clientId, ...detail },
    })
  }
}

function pinned(id: number): ServerError {
  return new ServerError('request.conflict', `Cannot forget snapshot ${id}: it is pinned`)
}

async function loadRegistered(
  repository: OpenRepository,
  snapshot: RegisteredSnapshot,
  signal: AbortSignal,
): ReturnType<typeof loadSnapshot> {
  try {
    return await loadSnapshot(repository, snapshot.snapshot_id, { signal })
  } catch (error) {
    if (isEngineError(error, 'storage.not-found')) throw notFound(`snapshot ${snapshot.id} in its repository`)
    throw error
  }
}

async function forgetRegistered(repository: OpenRepository, snapshot: RegisteredSnapshot, signal: AbortSignal): Promise<void> {
  try {
    const { failed } = await executeForget(repository, planForgetOf([await loadSnapshot(repository, snapshot.snapshot_id, { signal })]), {
      signal,
    })
    const [failure] = failed.values()
    if (failure !== undefined) throw failure
  } catch (error) {
    // Somebody else has removed the file: what is left of the snapshot is its line in the register.
    if (!isEngineError(error, 'storage.not-found')) throw error
  }
}

function toView(row: RegisteredSnapshot): SnapshotView {
  return {
    id: row.id,
    snapshotId: row.snapshot_id,
    repositoryId: row.repository_id,
    clientId: row.client_id,
    clientName: row.client_name,
    planId: row.plan_id,
    planName: row.plan_name,
    runId: row.run_id,
    time: new Date(row.time).toISOString(),
    hostname: row.hostname,
    paths: JSON.parse(row.paths) as string[],
    tags: JSON.parse(row.tags) as string[],
    isPinned: row.is_pinned === 1,
    sizeBytes: row.size_bytes,
    fileCount: row.file_count,
    addedBytes: row.added_bytes,
  }
}

function parsePosition(cursor: string): SnapshotPosition {
  const [, time, id] = /^(-?\d{1,15})\.(\d{1,9})$/.exec(cursor) ?? []
  if (time === undefined) throw new ServerError('request.invalid', 'Cannot take the request: the cursor is none that a page gave')
  return { time: Number(time), id: Number(id) }
}

function milliseconds(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Date.parse(time)
}
