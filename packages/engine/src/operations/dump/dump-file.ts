import { EngineError } from '../../errors.ts'
import type { BlobId } from '../../format/ids.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import type { CallOptions } from '../../storage/storage.ts'

/** Bounds of what is read ahead of whoever takes the content. */
const READ_AHEAD_BLOBS = 16
const READ_AHEAD_BYTES = 32 * 1024 * 1024

export interface DumpFileOptions extends CallOptions {
  /** Only these bytes; blobs without any of them are not read. Everything, if absent. */
  readonly range?: { readonly offset: number; readonly length: number }
}

/**
 * The content of a file, blob by blob, some read ahead. Whoever stops early leaves nothing running.
 *
 * @param content the `content` of a file's node
 * @throws EngineError `data.missing`, `data.damaged`, `storage.*`: then what was given so far is right and the rest is lost
 */
export async function* dumpFile(
  indexed: IndexedRepository,
  content: readonly BlobId[],
  options: DumpFileOptions = {},
): AsyncGenerator<Buffer, void> {
  const { range, ...callOptions } = options
  if (range === undefined) {
    yield* dumpBlobs(indexed, content, callOptions)
    return
  }
  const { blobs, skip } = blobsOfRange(indexed, content, range)
  let [toSkip, left] = [skip, range.length]
  for await (const blob of dumpBlobs(indexed, blobs, callOptions)) {
    yield blob.subarray(toSkip, toSkip + left)
    left -= Math.min(left, blob.length - toSkip)
    toSkip = 0
  }
}

/** The blobs that a range touches, and how many bytes of the first come before it. */
function blobsOfRange(
  indexed: IndexedRepository,
  content: readonly BlobId[],
  { offset, length }: { readonly offset: number; readonly length: number },
): { readonly blobs: readonly BlobId[]; readonly skip: number } {
  const blobs: BlobId[] = []
  let [position, skip] = [0, 0]
  for (const id of content) {
    if (position >= offset + length) break
    const bytes = contentBytes(indexed, [id])
    if (position + bytes > offset) {
      if (blobs.length === 0) skip = offset - position
      blobs.push(id)
    }
    position += bytes
  }
  return { blobs: length === 0 ? [] : blobs, skip }
}

async function* dumpBlobs(indexed: IndexedRepository, content: readonly BlobId[], options: CallOptions): AsyncGenerator<Buffer, void> {
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
