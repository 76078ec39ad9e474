import type { IndexId, PackId } from '../format/ids.ts'
import type { IndexedPack } from '../format/index-file.ts'
import type { CallOptions } from '../storage/storage.ts'
import { readIndexFiles } from './index-loader.ts'
import { IndexRecorder } from './index-recorder.ts'
import type { OpenRepository } from './open-repository.ts'

export interface RewriteIndexOptions extends CallOptions {
  /** Packs that no index file shall name any more. */
  readonly drop: ReadonlySet<PackId>
  /** Packs to name newly, with the places of their blobs. Where these are in `drop` too, this is what the index says of them afterwards. */
  readonly add?: AsyncIterable<IndexedPack>
  /** Index files to replace even if they name nothing of `drop`. */
  readonly replace?: ReadonlySet<IndexId>
  /** Index files that cannot be read and are to go. Any other one that cannot be read is an error. */
  readonly unreadable?: ReadonlySet<IndexId>
}

/** What became of the index files. */
export interface RewrittenIndex {
  readonly removedFiles: number
  readonly addedPacks: number
}

/**
 * Changes what the index files say: writes new ones for what is left of those that are concerned, and removes these when the new ones are
 * durable. The others stay. A pack that several concerned files name is named once afterwards. At every moment the index names at
 * least what it will name at the end. The caller holds an exclusive lock.
 *
 * @throws EngineError `data.damaged`, `data.malformed`, `storage.*`
 */
export async function rewriteIndex(repository: OpenRepository, options: RewriteIndexOptions): Promise<RewrittenIndex> {
  const { drop, add, replace = new Set(), unreadable = new Set(), signal } = options
  const recorder = new IndexRecorder(repository, { signal })
  const obsolete = new Set<IndexId>(unreadable)
  const recorded = new Set<PackId>()
  const files = readIndexFiles(repository, { signal, onBroken: (id, error) => throwUnless(unreadable.has(id), error) })
  for await (const { id, file } of files) {
    if (!replace.has(id) && !file.packs.some((pack) => drop.has(pack.id))) continue
    obsolete.add(id)
    for (const pack of file.packs) {
      if (drop.has(pack.id) || recorded.has(pack.id)) continue
      recorded.add(pack.id)
      await recorder.recordPlaced(pack)
    }
  }
  let addedPacks = 0
  for await (const pack of add ?? []) {
    await recorder.recordPlaced(pack)
    addedPacks++
  }
  await recorder.save()
  for (const id of obsolete) await repository.removeFile('index', id, { signal })
  return { removedFiles: obsolete.size, addedPacks }
}

function throwUnless(isExpected: boolean, error: unknown): void {
  if (!isExpected) throw error
}
