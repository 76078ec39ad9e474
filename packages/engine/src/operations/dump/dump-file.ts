import { EngineError } from '../../errors.ts'
import type { BlobId } from '../../format/ids.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import type { CallOptions } from '../../storage/storage.ts'

/** Bounds of what is read ahead of whoever takes the content. */
const READ_AHEAD_BLOBS = 16
const READ_AHEAD_BYTES = 32 * 1024 * 1024

/**
 * The content of a file, blob by blob, some read ahead. Whoever stops early leaves nothing running.
 *
 * @param content the `content` of a file's node
 * @throws EngineError `data.missing`, `data.damaged`, `storage.*`: then what was given so far is right and the rest is lost
 */
export async function* dumpFile(
  indexed: IndexedRepository,
  content: readonly BlobId[],
  options: CallOptions = {},
): AsyncGenerator<Buffer, void> {
  const ahead: { readonly blob: Promise<Buffer>; readonly bytes: number }[] = []
  let aheadBytes = 0
  let next = 0
  for (;;) {
    options.signal?.throwIfAborted()
    while (next < content.length && ahead.length < READ_AHEAD_BLOBS && (ahead.length === 0 || aheadBytes < READ_AHEAD_BYTES)) {
      const id = content[next++]
      if (id === undefined) continue
      const blob = indexed.readBlob('data', id, options)
      // It is met when its turn comes, if it comes.
      blob.catch(() => undefined)
      const bytes = blobBytes(indexed, id) ?? 0
      ahead.push({ blob, bytes })
      aheadBytes += bytes
    }
    const first = ahead.shift()
    if (first === undefined) return
    yield await first.blob
    aheadBytes -= first.bytes
  }
}

/**
 * The bytes that the blobs of a file make together.
 *
 * @throws EngineError `data.missing`
 */
export function contentBytes(indexed: IndexedRepository, content: readonly BlobId[]): number {
  let bytes = 0
  for (const id of content) {
    const blob = blobBytes(indexed, id)
    if (blob === undefined) throw new EngineError('data.missing', `Cannot read data blob ${id.slice(0, 10)}: the index does not have it`)
    bytes += blob
  }
  return bytes
}

function blobBytes({ index }: IndexedRepository, id: BlobId): number | undefined {
  const place = index.find('data', id)
  if (place === undefined) return undefined
  return place.uncompressedLength === 0 ? Math.max(0, place.length - 32) : place.uncompressedLength
}
