import { BlobSet } from '../../repository/blob-set.ts'
import { type IndexedRepository, openBlob } from '../../repository/indexed-repository.ts'
import { PackContents } from '../../repository/pack-contents.ts'
import { readAhead } from '../../repository/read-ahead.ts'
import type { RepositoryWriter } from '../../repository/repository-writer.ts'
import { isDamage } from '../../snapshots/tree-walker.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { PrunePlan } from './plan-prune.ts'

/** Bytes of packs that are read ahead; a single pack may have more. */
const READ_AHEAD_BYTES = 64 * 1024 * 1024

export interface RepackOptions extends CallOptions {
  /** Called after each pack. */
  readonly onPack: () => void
}

/**
 * Stores the blobs that a plan keeps in new packs, in the order in which the old ones have them. Every blob is verified on the way; one
 * that is damaged is taken from another pack that holds it. Returns the blobs that it stored.
 *
 * @throws EngineError `data.damaged` where no copy of a blob is sound, `storage.*`
 */
export async function repack(plan: PrunePlan, writer: RepositoryWriter, options: RepackOptions): Promise<BlobSet> {
  const { indexed, keptBlobs, repackPacks } = plan
  const saved = new BlobSet(indexed.index)
  const contents = PackContents.of(indexed.index, indexed.packs.size)
  const { storage } = indexed.repository
  const parts = repackPacks.map((id) => wantedPart(indexed, { pack: indexed.packs.numberOf(id), contents, keptBlobs }))
  const reads = readAhead(parts, {
    start: (part) => storage.read({ kind: 'data', name: indexed.packs.idOf(part.pack) }, part, { signal: options.signal }),
    // One connection stays free for the new packs.
    maxItems: Math.max(1, storage.limits.connections - 1),
    weightOf: ({ length }) => length,
    maxWeight: READ_AHEAD_BYTES,
  })
  for await (const read of reads) {
    options.signal?.throwIfAborted()
    if (!read.ok && !isDamage(read.error)) throw read.error
    for (const entry of read.item.entries) {
      if (!saved.addEntry(indexed.index.firstEntryOf(entry))) continue
      const { offset, length } = indexed.index.locationAt(entry)
      const start = offset - read.item.offset
      const sealed = read.ok ? read.result.subarray(start, start + length) : undefined
      await saveBlob(plan, writer, { entry, sealed, signal: options.signal })
    }
    options.onPack()
  }
  return saved
}

/**
 * Looks at the copies that stay of blobs that lose another one. Where none of them is sound, a sound one is stored, so that a prune costs
 * nothing that could still be read. A blob without any sound copy is left as it is: a check will tell.
 */
export async function rescueCopies(plan: PrunePlan, writer: RepositoryWriter, options: CallOptions): Promise<void> {
  const { indexed, copiedBlobs, goingPacks } = plan
  const stays = (entry: number): boolean => !goingPacks.has(indexed.packOf(indexed.index.locationAt(entry)))
  const reads = readAhead(copiedBlobs, {
    start: async ({ type, id }) => {
      for (const entry of indexed.index.entriesOf(type, id).filter(stays)) {
        if (await isSoundAt(indexed, entry, options)) return undefined
      }
      return indexed.readBlob(type, id, { signal: options.signal })
    },
    maxItems: indexed.repository.storage.limits.connections,
  })
  for await (const read of reads) {
    if (!read.ok && !isDamage(read.error)) throw read.error
    if (read.ok && read.result !== undefined) await writer.saveBlobAgain(read.item.type, read.result, { compress: false })
  }
}

/** Whether the entry of a blob is one from which it can be read: a pack that is gone since the plan was made is no better than damage. */
async function isSoundAt(indexed: IndexedRepository, entry: number, options: CallOptions): Promise<boolean> {
  const place = indexed.index.locationAt(entry)
  try {
    const file = { kind: 'data', name: indexed.packOf(place) } as const
    const sealed = await indexed.repository.storage.read(file, place, { signal: options.signal })
    return openIfSound(indexed, entry, sealed) !== undefined
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  }
}

/** The part of a pack from the first to the last blob that is kept; empty where other packs on the list have them all. */
interface WantedPart {
  readonly pack: number
  readonly offset: number
  readonly length: number
  readonly entries: readonly number[]
}

function wantedPart(
  { index }: IndexedRepository,
  options: { readonly pack: number; readonly contents: PackContents; readonly keptBlobs: BlobSet },
): WantedPart {
  const { pack, contents, keptBlobs } = options
  const entries = [...contents.entriesOf(pack)].filter((entry) => keptBlobs.hasEntry(index.firstEntryOf(entry)))
  const [start, end] = [entries.at(0), entries.at(-1)].map((entry) => (entry === undefined ? undefined : index.locationAt(entry)))
  if (start === undefined || end === undefined) return { pack, offset: 0, length: 0, entries }
  return { pack, offset: start.offset, length: end.offset + end.length - start.offset, entries }
}

async function saveBlob(
  plan: PrunePlan,
  writer: RepositoryWriter,
  blob: { readonly entry: number; readonly sealed: Uint8Array | undefined; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const { indexed, repackUncompressed } = plan
  const { type, id, uncompressedLength } = indexed.index.entryAt(blob.entry)
  const sound = blob.sealed === undefined ? undefined : openIfSound(indexed, blob.entry, blob.sealed)
  const plaintext = sound ?? (await indexed.readBlob(type, id, { signal: blob.signal }))
  const staysAsItIs = uncompressedLength > 0 || indexed.repository.config.version === 1
  if (sound !== undefined && blob.sealed !== undefined && staysAsItIs)
    await writer.saveSealedBlob({ type, id, uncompressedLength }, blob.sealed)
  else await writer.saveBlobAgain(type, plaintext, { compress: repackUncompressed })
}

/** The plaintext of a blob; undefined where it is damaged. */
function openIfSound(indexed: IndexedRepository, entry: number, sealed: Uint8Array): Buffer | undefined {
  const place = indexed.index.entryAt(entry)
  try {
    return openBlob(sealed, { id: place.id, pack: indexed.packOf(place), place, open: (bytes) => indexed.repository.sealer.open(bytes) })
  } catch (error) {
    if (isDamage(error)) return undefined
    throw error
  }
}
