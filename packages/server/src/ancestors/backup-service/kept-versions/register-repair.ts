import { loadSnapshot, messageOf } from '@holdfast/engine'
import type { SnapshotRepositories } from '../../../features/snapshots/repositories.ts'
import type { KeptVersionsStore, OldSnapshot } from './store.ts'

export interface RegisterRepairOptions {
  readonly store: Pick<KeptVersionsStore, 'oldSnapshots' | 'correct'>
  readonly repositories: Pick<SnapshotRepositories, 'read'>
  readonly onFailure: (error: unknown) => void
}

/**
 * Puts right what former versions have left in the register: when they wrote a snapshot of uploaded files anew, the register went on to
 * name the tree of the one before, which the next prune takes away. A database alone cannot tell; the repository is asked once per start,
 * about snapshots from that time only.
 */
export class RegisterRepair {
  readonly #options: RegisterRepairOptions

  constructor(options: RegisterRepairOptions) {
    this.#options = options
  }

  /** Looks at all snapshots that may be concerned; what cannot be read stays for the next start. Gives how many were put right. */
  async carryOut(signal: AbortSignal): Promise<number> {
    const { store, onFailure } = this.#options
    let corrected = 0
    for (const snapshot of await store.oldSnapshots()) {
      if (signal.aborted) break
      const isWrong = await this.#correct(snapshot, signal).catch((error: unknown) => {
        if (!signal.aborted) onFailure(new Error(`Cannot look at snapshot ${snapshot.id}: ${messageOf(error)}`, { cause: error }))
        return false
      })
      if (isWrong) corrected++
    }
    return corrected
  }

  async #correct(row: OldSnapshot, signal: AbortSignal): Promise<boolean> {
    const { store, repositories } = this.#options
    const { repository } = await repositories.read(row.repository_id, { tree: row.tree_id })
    const { tree } = await loadSnapshot(repository, row.snapshot_id, { signal })
    if (tree === row.tree_id) return false
    await store.correct(row, tree)
    return true
  }
}
