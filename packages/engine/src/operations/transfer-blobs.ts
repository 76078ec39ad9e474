import { EngineError } from '../errors.ts'
import type { BlobId } from '../format/ids.ts'
import type { IndexedBlob } from '../repository/blob-index.ts'
import { type IndexedRepository, openBlob } from '../repository/indexed-repository.ts'
import { readAhead } from '../repository/read-ahead.ts'
import type { RepositoryWriter } from '../repository/repository-writer.ts'
import { isDamage } from '../snapshots/tree-walker.ts'
import type { CallOptions } from '../storage/storage.ts'

export interface TransferOptions extends CallOptions {
  /** Whether the target may hold compressed blobs, so that they need not be compressed again. */
  readonly keepCompressed: boolean
  /** Called for each blob with the bytes that it takes in the source. */
  readonly onBlob: (blob: IndexedBlob) => void
}

/** Neighbouring blobs of one pack, read at once. */
interface Run {
  readonly pack: number
  readonly offset: number
  length: number
  readonly blobs: IndexedBlob[]
}

/** Bytes that are read and not wanted cost less than another call, up to about this many. */
const MAX_GAP_BYTES = 512 * 1024
/** A run ends when it has this many bytes; a single blob may have more. */
const MAX_RUN_BYTES = 8 * 1024 * 1024
/** Bytes that are read ahead. */
const MAX_READ_AHEAD_BYTES = 48 * 1024 * 1024

/**
 * Stores blobs of one repository in another. `entries` are positions of the source's index; those of one pack are read together. Content
 * is checked on the way, compressed content taken over as it is if the target allows that.
 *
 * @throws EngineError `data.damaged`, `data.missing` for a blob of which no copy is sound, `storage.*`
 */
export async function transferBlobs(
  source: IndexedRepository,
  writer: RepositoryWriter,
  options: TransferOptions & { readonly entries: Iterable<number> },
): Promise<void> {
  const { storage } = source.repository
  const { signal } = options
  const reads = readAhead(runsOf(source, options.entries), {
    start: (run) =>
      storage.read({ kind: 'data', name: source.packs.idOf(run.pack) }, { offset: run.offset, length: run.length }, { signal }),
    maxItems: storage.limits.connections,
    weightOf: (run) => run.length,
    maxWeight: MAX_READ_AHEAD_BYTES,
  })
  for await (const read of reads) {
    signal?.throwIfAborted()
    if (!read.ok && !isDamage(read.error)) throw read.error
    for (const blob of read.item.blobs) {
      const start = blob.offset - read.item.offset
      const sealed = read.ok ? read.result.subarray(start, start + blob.length) : undefined
      await transferBlob(source, writer, { ...options, blob, sealed })
      options.onBlob(blob)
    }
  }
}

async function transferBlob(
  source: IndexedRepository,
  writer: RepositoryWriter,
  options: TransferOptions & { readonly blob: IndexedBlob; readonly sealed: Uint8Array | undefined },
): Promise<void> {
  const { blob, sealed } = options
  const { type, id } = blob
  const opened = sealed === undefined ? undefined : tryOpen(source, blob, sealed)
  // Only a blob that is damaged here is looked for in other packs.
  const plaintext = opened?.plaintext ?? (await source.readBlob(type, id, { signal: options.signal }))
  const isCompressed = opened !== undefined && blob.uncompressedLength > 0
  if (isCompressed && options.keepCompressed) {
    await writer.saveCompressedBlob({ type, id, uncompressedLength: plaintext.length }, opened.stored)
  } else {
    await writer.saveBlob(type, plaintext)
  }
}

/** The content of a blob with the form in which it was sealed; undefined where it is damaged. */
function tryOpen(source: IndexedRepository, blob: IndexedBlob, sealed: Uint8Array): { plaintext: Buffer; stored: Buffer } | undefined {
  let stored: Buffer = Buffer.alloc(0)
  const open = (bytes: Uint8Array): Buffer => {
    stored = source.repository.sealer.open(bytes)
    return stored
  }
  try {
    const plaintext = openBlob(sealed, { id: blob.id, pack: source.packOf(blob), place: blob, open })
    return { plaintext, stored }
  } catch (error) {
    if (error instanceof EngineError && isDamage(error)) return undefined
    throw error
  }
}

/** Groups blobs by packs and neighbourhood. Packs come in the order of the index, blobs in that of their packs. */
function* runsOf(source: IndexedRepository, entries: Iterable<number>): Generator<Run> {
  for (const blobs of byPack(source, entries)) {
    let run: Run | undefined
    for (const blob of blobs.sort((a, b) => a.offset - b.offset)) {
      const length = run === undefined ? 0 : blob.offset + blob.length - run.offset
      if (run === undefined || length > MAX_RUN_BYTES || blob.offset - (run.offset + run.length) > MAX_GAP_BYTES) {
        if (run !== undefined) yield run
        run = { pack: blob.pack, offset: blob.offset, length: blob.length, blobs: [blob] }
      } else {
        run.length = Math.max(run.length, length)
        run.blobs.push(blob)
      }
    }
    if (run !== undefined) yield run
  }
}

function* byPack(source: IndexedRepository, entries: Iterable<number>): Generator<IndexedBlob[]> {
  const packs = new Map<number, number[]>()
  for (const entry of entries) {
    const { pack } = source.index.entryAt(entry)
    const known = packs.get(pack)
    if (known === undefined) packs.set(pack, [entry])
    else known.push(entry)
  }
  for (const packEntries of packs.values()) yield packEntries.map((entry) => source.index.entryAt(entry))
}

/** The failure of a copy that needs a blob which the source does not have. */
export function missingBlob(id: BlobId, location: string): EngineError {
  return new EngineError('data.missing', `Cannot copy from ${location}: its index does not have blob ${id.slice(0, 10)}`, {
    context: { blob: id },
  })
}
