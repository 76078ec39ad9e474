import { hash } from 'node:crypto'
import type { EngineError } from '../../errors.ts'
import type { ByteString } from '../../format/byte-string.ts'
import type { BlobId, SnapshotId } from '../../format/ids.ts'
import type { Snapshot, StoredSnapshot } from '../../format/snapshot.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import type { WriteOptions } from '../../repository/repository-writer.ts'
import { loadSnapshots } from '../../snapshots/load-snapshots.ts'
import { removeSnapshot, saveSnapshot } from '../../snapshots/save-snapshot.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { type TreeChange, TreeRepairer } from './tree-repairer.ts'

export interface SnapshotRepairOptions extends CallOptions {
  /** Look at these snapshots alone. All when absent. */
  readonly select?: (snapshots: readonly StoredSnapshot[]) => readonly StoredSnapshot[]
  /**
   * Told of each change. What several snapshots share is reported once, with the first of them that is looked at.
   */
  readonly onChange?: (snapshot: StoredSnapshot, path: ByteString, change: TreeChange) => void
}

/** A snapshot that cannot be restored whole. */
export interface DamagedSnapshot {
  readonly snapshot: StoredSnapshot
  /** The tree that the repaired snapshot will have; undefined where its root cannot be read, so that nothing is left. */
  readonly tree: BlobId | undefined
}

/** What a repair of snapshots will do. Nothing has happened yet. */
export interface SnapshotRepairPlan {
  readonly indexed: IndexedRepository
  readonly damaged: readonly DamagedSnapshot[]
  /** Snapshot files that cannot be used, with what is wrong. */
  readonly unreadable: ReadonlyMap<SnapshotId, EngineError>
}

export interface ExecuteSnapshotRepairOptions extends WriteOptions {
  /** Remove the damaged snapshots after their repaired form is stored, and those of which nothing is left. */
  readonly forget?: boolean
  /** Snapshot files to remove that cannot be used; only with `forget`. */
  readonly removeUnreadable?: readonly SnapshotId[]
}

export interface SnapshotRepairResult {
  /** Repaired snapshots with the ids of those that they replace. */
  readonly repaired: readonly { readonly from: SnapshotId; readonly to: SnapshotId }[]
  readonly removed: readonly SnapshotId[]
}

/** The tag of repaired snapshots that stand beside the damaged ones. */
const REPAIRED_TAG = 'repaired'

/** Finds the snapshots that need something that the index does not have, and what can be kept of them. Repair index and packs first. */
export async function planSnapshotRepair(indexed: IndexedRepository, options: SnapshotRepairOptions = {}): Promise<SnapshotRepairPlan> {
  const { signal, select, onChange } = options
  const unreadable = new Map<SnapshotId, EngineError>()
  const all = await loadSnapshots(indexed.repository, { signal, onBroken: (id, error) => unreadable.set(id, error) })
  const damaged: DamagedSnapshot[] = []
  let current: StoredSnapshot | undefined
  const repairer = new TreeRepairer(indexed, {
    signal,
    saveTree: async (content) => hash('sha256', content, 'hex') as BlobId,
    onChange: (path, change) => current !== undefined && onChange?.(current, path, change),
  })
  for (const snapshot of select?.(all) ?? all) {
    current = snapshot
    const tree = await repairer.repair(snapshot.tree)
    if (tree !== snapshot.tree) damaged.push({ snapshot, tree })
  }
  return { indexed, damaged, unreadable }
}

/**
 * Carries out a plan: stores trees without what is lost, then a snapshot for each damaged one, and only then removes that, if asked to. A
 * snapshot of which nothing is left is removed only with `forget`.
 */
export async function executeSnapshotRepair(
  plan: SnapshotRepairPlan,
  options: ExecuteSnapshotRepairOptions = {},
): Promise<SnapshotRepairResult> {
  const { forget = false, removeUnreadable = [], ...writeOptions } = options
  const { signal } = writeOptions
  const { repository } = plan.indexed
  const trees = await plan.indexed.write((writer) => {
    const saveTree = async (content: Buffer): Promise<BlobId> => (await writer.saveBlob('tree', content)).id
    return repairAll(plan, new TreeRepairer(plan.indexed, { signal, saveTree }))
  }, writeOptions)
  const repaired: { readonly from: SnapshotId; readonly to: SnapshotId }[] = []
  for (const { snapshot, tree } of trees) {
    if (tree !== undefined)
      repaired.push({ from: snapshot.id, to: await saveSnapshot(repository, replacementOf(snapshot, { tree, forget }), { signal }) })
  }
  const unreadable = removeUnreadable.filter((id) => plan.unreadable.has(id))
  const removed = forget ? [...trees.map(({ snapshot }) => snapshot.id), ...unreadable] : []
  for (const id of removed) await removeSnapshot(repository, id, { signal })
  return { repaired, removed }
}

async function repairAll(plan: SnapshotRepairPlan, repairer: TreeRepairer): Promise<DamagedSnapshot[]> {
  const repaired: DamagedSnapshot[] = []
  for (const { snapshot } of plan.damaged) repaired.push({ snapshot, tree: await repairer.repair(snapshot.tree) })
  return repaired
}

function replacementOf(damaged: StoredSnapshot, options: { readonly tree: BlobId; readonly forget: boolean }): Snapshot {
  const { id, ...snapshot } = damaged
  const tags = options.forget || snapshot.tags?.includes(REPAIRED_TAG) ? snapshot.tags : [...(snapshot.tags ?? []), REPAIRED_TAG]
  return { ...snapshot, tree: options.tree, original: id, ...(tags === undefined ? {} : { tags }) }
}
