import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { LocalTrees } from './local-trees.ts'
import { restoreItems } from './restore-items.ts'
import type { RestoreRequest } from './restore-request.ts'

/** How many items are counted before other work of this thread has its turn: trees of a local folder are read without waiting. */
const ITEMS_AT_ONCE = 256

/** What a restore brings back. Folders count as files, as in its statistics. */
export interface RestoreMeasure {
  readonly files: number
  readonly bytes: number
}

/**
 * Counts what a restore goes through, so that its progress can be told: reads all trees that are wanted. A file of
 * several names counts once for each. What cannot be read is left out without a word, since the restore itself will report it.
 * @throws the signal's reason
 */
export async function measureRestore(
  indexed: IndexedRepository,
  request: Pick<RestoreRequest, 'tree' | 'select'>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<RestoreMeasure> {
  using trees = LocalTrees.over(indexed)
  let files = 0
  let bytes = 0
  let items = 0
  for await (const item of restoreItems(trees, request, signal)) {
    if (++items % ITEMS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve))
    if (item.kind === 'end' && item.selected) files++
    if (item.kind !== 'entry' || item.node.type === 'socket') continue
    files++
    if (item.node.type === 'file') bytes += item.node.size ?? 0
  }
  return { files, bytes }
}
