import type { IndexId, PackId } from '../format/ids.ts'
import type { IndexedPack } from '../format/index-file.ts'
import type { CallOptions } from '../storage/storage.ts'
import { readIndexFiles } from './index-loader.ts'
import { IndexRecorder } from './index-recorder.ts'
import type { OpenRepository } from './open-repository.ts'
import { packDigest } from './pack-digest.ts'

export interface RewriteIndexOptions extends CallOptions {
  /** Packs that no index file shall name any more. */
  readonly drop: ReadonlySet<PackId>
  /** Packs with the places of their blobs. What index files said of them before, if anything, is replaced by this. */
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
 * durable. The others stay. What several files say of a pack is said once afterwards, as far as they are concerned and agree. At every
 * moment the index names at least what it will name at the end. The caller holds an exclusive lock.
 *
 * @throws EngineError `data.damaged`, `data.malformed`, `storage.*`
 */
export async function rewriteIndex(repository: OpenRepository, options: RewriteIndexOptions): Promise<RewrittenIndex> {
  const { add, replace, unreadable = new Set(), signal } = options
  const recorder = new IndexRecorder(repository, { signal })
  const drop = new Set(options.drop)
  let addedPacks = 0
  for await (const pack of add ?? []) {
    await recorder.recordPlaced(pack)
    drop.add(pack.id)
    addedPacks++
  }
  const said = new Map<PackId, number>()
  function isNews(pack: IndexedPack): boolean {
    const digest = packDigest(pack)
    if (said.get(pack.id) === digest) return false
    said.set(pack.id, digest)
    return true
  }
  const concerned = new Set<IndexId>()
  for await (const { id, file } of readAll(repository, options)) {
    if (replace?.has(id) === true || file.packs.some((pack) => drop.has(pack.id))) concerned.add(id)
    else for (const pack of file.packs) isNews(pack)
  }
  // Read again rather than kept in memory: a large index takes more than what is left of it.
  for await (const { file } of concerned.size === 0 ? [] : readAll(repository, { ...options, only: concerned })) {
    for (const pack of file.packs) if (!drop.has(pack.id) && isNews(pack)) await recorder.recordPlaced(pack)
  }
  await recorder.save()
  const obsolete = [...concerned, ...unreadable]
  for (const id of obsolete) await repository.removeFile('index', id, { signal })
  return { removedFiles: obsolete.length, addedPacks }
}

function readAll(
  repository: OpenRepository,
  options: RewriteIndexOptions & { readonly only?: ReadonlySet<IndexId> },
): ReturnType<typeof readIndexFiles> {
  const { signal, only, unreadable } = options
  return readIndexFiles(repository, {
    signal,
    ...(only === undefined ? {} : { only }),
    onBroken: (id, error) => {
      if (unreadable?.has(id) !== true) throw error
    },
  })
}
