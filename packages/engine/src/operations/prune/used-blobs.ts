import { EngineError } from '../../errors.ts'
import type { SnapshotId } from '../../format/ids.ts'
import { BlobSet } from '../../repository/blob-set.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { TreePackReader } from '../../repository/tree-pack-reader.ts'
import { loadSnapshots } from '../../snapshots/load-snapshots.ts'
import { streamTrees } from '../../snapshots/tree-stream.ts'
import { isDamage } from '../../snapshots/tree-walker.ts'
import type { CallOptions } from '../../storage/storage.ts'

export interface UsedBlobsOptions extends CallOptions {
  /** Snapshots that are as good as removed. */
  readonly ignoredSnapshots?: ReadonlySet<SnapshotId>
  readonly onTree?: () => void
}

/**
 * Every blob that a snapshot needs, all of which the index has. A bit for each blob.
 *
 * @throws EngineError `data.missing` when a snapshot or tree cannot be read, or the index does not have a blob; `storage.*`
 */
export async function findUsedBlobs(indexed: IndexedRepository, options: UsedBlobsOptions = {}): Promise<BlobSet> {
  const used = new BlobSet(indexed.index)
  try {
    await collect(indexed, used, options)
  } catch (error) {
    if (!isDamage(error)) throw error
    throw new EngineError('data.missing', `${refusal(indexed)}: ${error.message}; nothing was removed, a check says what to repair`, {
      cause: error,
      context: error.context,
    })
  }
  const [missing] = [...used.unknown.tree, ...used.unknown.data]
  if (missing === undefined) return used
  const count = used.unknown.tree.size + used.unknown.data.size
  const which = count === 1 ? `blob ${missing.slice(0, 10)}` : `${count} blobs, among them ${missing.slice(0, 10)},`
  throw new EngineError(
    'data.missing',
    `${refusal(indexed)}: snapshots need ${which} which the index does not have; repair the index first`,
    {
      context: { blob: missing, count },
    },
  )
}

/** How messages begin that say why nothing is removed. */
export function refusal(indexed: IndexedRepository): string {
  return `Cannot prune ${indexed.repository.location}`
}

async function collect(indexed: IndexedRepository, used: BlobSet, options: UsedBlobsOptions): Promise<void> {
  const { signal, ignoredSnapshots, onTree } = options
  const snapshots = await loadSnapshots(indexed.repository, { signal })
  const roots = snapshots.filter(({ id }) => ignoredSnapshots?.has(id) !== true).map(({ tree }) => tree)
  for await (const { tree } of streamTrees(new TreePackReader(indexed), roots, { signal, wants: (id) => used.add('tree', id) })) {
    for (const node of tree.nodes) if (node.type === 'file') for (const id of node.content ?? []) used.add('data', id)
    onTree?.()
  }
}
