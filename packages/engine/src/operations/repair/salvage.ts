import type { BlobId, PackId } from '../../format/ids.ts'
import type { IndexedBlob } from '../../format/index-file.ts'
import type { BlobType } from '../../format/pack-header.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import type { PackContents } from '../../repository/pack-contents.ts'
import { openPackTail } from '../../repository/pack-tail.ts'
import { isDamage } from '../../snapshots/tree-walker.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { verifyBlob } from '../check/pack-verifier.ts'

/** A blob in a pack that is sound, as it lies there. */
export interface SoundBlob {
  readonly type: BlobType
  readonly id: BlobId
  readonly uncompressedLength: number
  readonly sealed: Uint8Array
}

/** What is left of a pack. */
export interface Salvage {
  /** The file as it is; undefined where it does not exist. */
  readonly content: Uint8Array | undefined
  readonly sound: readonly SoundBlob[]
  readonly lost: readonly { readonly type: BlobType; readonly id: BlobId }[]
}

/** Looks what of a pack is sound, at the places that the index names and at those that the pack's own header names. */
export async function salvagePack(
  indexed: IndexedRepository,
  id: PackId,
  options: CallOptions & { readonly contents: PackContents },
): Promise<Salvage> {
  const content = await readIfThere(indexed, id, options)
  const sound = new Map<string, SoundBlob>()
  const lost = new Map<string, { readonly type: BlobType; readonly id: BlobId }>()
  for (const blob of [...blobsInIndex(indexed, id, options.contents), ...blobsInHeader(indexed, content)]) {
    const key = `${blob.type} ${blob.id}`
    if (sound.has(key)) continue
    const sealed = content?.subarray(blob.offset, blob.offset + blob.length)
    const uncompressedLength = blob.uncompressed_length ?? 0
    if (sealed !== undefined && isSound(indexed, blob, sealed)) sound.set(key, { type: blob.type, id: blob.id, uncompressedLength, sealed })
    else lost.set(key, { type: blob.type, id: blob.id })
  }
  for (const key of sound.keys()) lost.delete(key)
  return { content, sound: [...sound.values()], lost: [...lost.values()] }
}

function isSound({ repository }: IndexedRepository, blob: IndexedBlob, sealed: Uint8Array): boolean {
  const open = (bytes: Uint8Array): Uint8Array => repository.sealer.open(bytes)
  return verifyBlob(sealed, { id: blob.id, uncompressedLength: blob.uncompressed_length ?? 0, open }) === undefined
}

async function readIfThere({ repository }: IndexedRepository, id: PackId, { signal }: CallOptions): Promise<Uint8Array | undefined> {
  try {
    return await repository.storage.read({ kind: 'data', name: id }, 'all', { signal })
  } catch (error) {
    if (isDamage(error)) return undefined
    throw error
  }
}

function blobsInIndex({ index, packs }: IndexedRepository, id: PackId, contents: PackContents): IndexedBlob[] {
  if (!packs.has(id)) return []
  return Array.from(contents.entriesOf(packs.numberOf(id)), (entry) => {
    const { id: blob, type, offset, length, uncompressedLength } = index.entryAt(entry)
    return { id: blob, type, offset, length, ...(uncompressedLength > 0 ? { uncompressed_length: uncompressedLength } : {}) }
  })
}

function blobsInHeader({ repository }: IndexedRepository, content: Uint8Array | undefined): readonly IndexedBlob[] {
  try {
    return content === undefined ? [] : openPackTail(content, repository.sealer)
  } catch (error) {
    if (isDamage(error)) return []
    throw error
  }
}
