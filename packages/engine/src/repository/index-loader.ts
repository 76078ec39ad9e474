import { EngineError, isEngineError } from '../errors.ts'
import type { IndexId } from '../format/ids.ts'
import { decodeIndexFile, type IndexedPack, type IndexFile } from '../format/index-file.ts'
import type { CallOptions } from '../storage/storage.ts'
import { BlobIndex } from './blob-index.ts'
import { IndexedRepository } from './indexed-repository.ts'
import type { OpenRepository } from './open-repository.ts'
import { PackTable } from './pack-table.ts'
import { readAhead, type Settled } from './read-ahead.ts'

/** Index files read ahead of the one that is being decoded: each may take some tens of megabytes while it waits. */
const READ_AHEAD = 4

export interface LoadIndexOptions extends CallOptions {
  /** Told of index files that are damaged or gone, which are left out; when absent the first of them is an error. */
  readonly onBroken?: (id: IndexId, error: EngineError) => void
  /** Reads these index files alone. */
  readonly only?: ReadonlySet<IndexId>
  /** Called for each index file with what it holds. */
  readonly onFile?: (id: IndexId, file: IndexFile) => void
}

/** Reads every index file of `repository` into a blob index. */
export async function loadIndex(repository: OpenRepository, options: LoadIndexOptions = {}): Promise<IndexedRepository> {
  const index = BlobIndex.create()
  const packs = new PackTable()
  const indexIds: IndexId[] = []
  for await (const { id, file } of readIndexFiles(repository, options)) {
    options.onFile?.(id, file)
    for (const pack of file.packs) addPack(index, packs, pack)
    indexIds.push(id)
  }
  return new IndexedRepository(repository, { index, packs, indexIds })
}

/** Gives every index file once, decoded, some read ahead. */
export async function* readIndexFiles(
  repository: OpenRepository,
  options: LoadIndexOptions = {},
): AsyncGenerator<{ readonly id: IndexId; readonly file: IndexFile }> {
  const ids: IndexId[] = []
  for await (const { name } of repository.list('index', options))
    if (options.only?.has(name as IndexId) !== false) ids.push(name as IndexId)
  for await (const read of readAhead(ids, { start: (id) => repository.loadUnpacked('index', id, options), maxItems: READ_AHEAD })) {
    const decoded = decode(read)
    if ('file' in decoded) yield { id: read.item, file: decoded.file }
    else if (options.onBroken !== undefined && isBroken(decoded.error)) options.onBroken(read.item, decoded.error)
    else throw decoded.error
  }
}

function addPack(index: BlobIndex, packs: PackTable, pack: IndexedPack): void {
  const blobs = pack.blobs.map(({ type, id, offset, length, uncompressed_length: uncompressedLength = 0 }) => {
    return { type, id, offset, length, uncompressedLength }
  })
  index.addPack(packs.numberOf(pack.id), blobs)
}

/** A file that is gone after it was listed is as good as broken. A storage that does not answer says nothing about the file. */
function isBroken(error: unknown): error is EngineError {
  return isEngineError(error, 'data.damaged', 'data.malformed', 'repository.too-large', 'storage.not-found')
}

function decode(read: Settled<IndexId, Buffer>): { readonly file: IndexFile } | { readonly error: unknown } {
  if (!read.ok) return { error: read.error }
  try {
    const file = decodeIndexFile(read.result)
    checkBounds(file)
    return { file }
  } catch (error) {
    return { error }
  }
}

/**
 * No cutter makes chunks of more than 8 MiB, and a tree of half a GiB is beyond what the runtime can hold as text. Whoever claims more
 * wants this process to take the memory.
 */
const LARGEST_BLOB_BYTES = { data: 64 * 1024 * 1024, tree: 512 * 1024 * 1024 } as const

function checkBounds(file: IndexFile): void {
  for (const { id, blobs } of file.packs) {
    for (const { type, offset, length, uncompressed_length: uncompressedLength = 0 } of blobs) {
      if (Math.max(length, uncompressedLength) <= LARGEST_BLOB_BYTES[type] && offset + length < 2 ** 32) continue
      throw new EngineError(
        'data.malformed',
        `Cannot use the index: a blob of pack ${id.slice(0, 10)} has a place or size beyond all bounds`,
      )
    }
  }
}
