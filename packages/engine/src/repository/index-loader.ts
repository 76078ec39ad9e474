import { EngineError, isEngineError } from '../errors.ts'
import type { IndexId } from '../format/ids.ts'
import { decodeIndexFile, type IndexedPack, type IndexFile } from '../format/index-file.ts'
import type { CallOptions } from '../storage/storage.ts'
import { BlobIndex } from './blob-index.ts'
import { IndexedRepository } from './indexed-repository.ts'
import type { OpenRepository } from './open-repository.ts'
import { PackTable } from './pack-table.ts'

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
  const queue: Promise<{ id: IndexId; content: Buffer | EngineError }>[] = []
  const ids: IndexId[] = []
  for await (const { name } of repository.list('index', options))
    if (options.only?.has(name as IndexId) !== false) ids.push(name as IndexId)
  for (let next = 0; next < ids.length || queue.length > 0; ) {
    while (next < ids.length && queue.length < READ_AHEAD) queue.push(fetch(repository, ids[next++] as IndexId, options))
    const fetched = await queue.shift()
    if (fetched === undefined) return
    const file = decode(fetched.content)
    if (!(file instanceof EngineError)) yield { id: fetched.id, file }
    else if (options.onBroken !== undefined && isBroken(file)) options.onBroken(fetched.id, file)
    else throw file
  }
}

function addPack(index: BlobIndex, packs: PackTable, pack: IndexedPack): void {
  const blobs = pack.blobs.map(({ type, id, offset, length, uncompressed_length: uncompressedLength = 0 }) => {
    return { type, id, offset, length, uncompressedLength }
  })
  index.addPack(packs.numberOf(pack.id), blobs)
}

/** A file that is gone after it was listed is as good as broken. A storage that does not answer says nothing about the file. */
function isBroken(error: EngineError): boolean {
  return isEngineError(error, 'data.damaged', 'data.malformed', 'repository.too-large', 'storage.not-found')
}

async function fetch(
  repository: OpenRepository,
  id: IndexId,
  options: CallOptions,
): Promise<{ id: IndexId; content: Buffer | EngineError }> {
  try {
    return { id, content: await repository.loadUnpacked('index', id, options) }
  } catch (error) {
    if (isEngineError(error)) return { id, content: error }
    throw error
  }
}

function decode(content: Buffer | EngineError): IndexFile | EngineError {
  if (content instanceof EngineError) return content
  try {
    const file = decodeIndexFile(content)
    checkBounds(file)
    return file
  } catch (error) {
    if (isEngineError(error)) return error
    throw error
  }
}

/**
 * No cutter makes chunks of more than 8 MiB, and a tree of half a GiB is beyond what the runtime can hold as text. Whoever claims more wants
 * this process to take the memory.
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
