import {
  isEngineError,
  loadSnapshot,
  messageOf,
  type OpenRepository,
  type SnapshotId,
  type StoredSnapshot,
  timestampToMs,
} from '@holdfast/engine'
import type { MaintenanceStore } from './store.ts'

export interface RegisterSyncOptions {
  readonly store: Pick<MaintenanceStore, 'registered' | 'addSnapshot' | 'follow' | 'removeSnapshots'>
  /** Told of a snapshot that cannot be read; it is tried again the next time. */
  readonly onFailure: (failure: { readonly repositoryId: number; readonly snapshotId: string; readonly reason: string }) => void
}

/** What a comparison has changed in the register. */
export interface SyncResult {
  readonly added: number
  readonly removed: number
}

/**
 * Brings the register of snapshots in line with a repository: those that other programs have made come in, as nobody's; those that they
 * have removed go. One whose tags they have changed has another name since, and stays whose it was.
 */
export class RegisterSync {
  readonly #options: RegisterSyncOptions

  constructor(options: RegisterSyncOptions) {
    this.#options = options
  }

  async carryOut(
    repositoryId: number,
    { repository, signal }: { readonly repository: OpenRepository; readonly signal: AbortSignal },
  ): Promise<SyncResult> {
    const { store } = this.#options
    // First what is known: whatever is noted later was in the repository before that, and is not taken for gone.
    const known = await store.registered(repositoryId)
    const present = new Set(await Array.fromAsync(repository.list('snapshots', { signal }), ({ name }) => name as SnapshotId))
    let added = 0
    for (const id of present) {
      signal.throwIfAborted()
      if (!known.has(id) && (await this.#add(repositoryId, { id, repository, signal }))) added++
    }
    const gone: string[] = []
    for (const id of known.keys()) if (!present.has(id as SnapshotId) && !(await store.follow(repositoryId, id))) gone.push(id)
    await store.removeSnapshots(repositoryId, gone)
    return { added, removed: gone.length }
  }

  async #add(
    repositoryId: number,
    { id, repository, signal }: { readonly id: SnapshotId; readonly repository: OpenRepository; readonly signal: AbortSignal },
  ): Promise<boolean> {
    try {
      const snapshot = await loadSnapshot(repository, id, { signal })
      await this.#options.store.addSnapshot(toRow(repositoryId, snapshot))
      return true
    } catch (error) {
      if (!isEngineError(error, 'data.damaged', 'data.malformed', 'storage.not-found')) throw error
      this.#options.onFailure({ repositoryId, snapshotId: id, reason: messageOf(error) })
      return false
    }
  }
}

function toRow(repositoryId: number, snapshot: StoredSnapshot): Parameters<MaintenanceStore['addSnapshot']>[0] {
  const { id, tree, time, hostname, paths, tags, summary } = snapshot
  return {
    snapshot_id: id,
    repository_id: repositoryId,
    client_id: null,
    plan_id: null,
    run_id: null,
    time: timestampToMs(time),
    tree_id: tree,
    hostname: hostname ?? '',
    paths: JSON.stringify(paths),
    tags: JSON.stringify(tags ?? []),
    is_pinned: 0,
    size_bytes: summary?.total_bytes_processed ?? null,
    file_count: summary?.total_files_processed ?? null,
    added_bytes: summary?.data_added_packed ?? null,
  }
}
