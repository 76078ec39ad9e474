import type { PackId } from '../format/ids.ts'
import type { StoredSnapshot } from '../format/snapshot.ts'
import { BlobSet } from '../repository/blob-set.ts'
import type { IndexedRepository } from '../repository/indexed-repository.ts'
import { streamTrees } from '../snapshots/tree-stream.ts'
import type { CallOptions } from '../storage/storage.ts'

/**
 * The packs that restoring a snapshot needs, with all that hold a copy of something it needs, in the order of their ids.
 *
 * @throws EngineError `data.*` for a tree that cannot be read, `storage.*`
 */
export async function packsOfSnapshot(indexed: IndexedRepository, snapshot: StoredSnapshot, options: CallOptions = {}): Promise<PackId[]> {
  const used = new BlobSet(indexed.index)
  const wants = (id: StoredSnapshot['tree']): boolean => used.add('tree', id)
  for await (const { tree } of streamTrees(indexed, [snapshot.tree], { signal: options.signal, wants })) {
    for (const node of tree.nodes) if (node.type === 'file') for (const id of node.content ?? []) used.add('data', id)
  }
  const packs = new Set<PackId>()
  for (const { type, id } of used) for (const place of indexed.index.findAll(type, id)) packs.add(indexed.packOf(place))
  return [...packs].sort()
}
