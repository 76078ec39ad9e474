import { type BlobId, type IndexId, isId, type PackId, parseId } from './ids.ts'
import type { BlobType } from './pack-header.ts'
import { isJsonObject, isUint32, malformed, parseJson } from './stored-json.ts'

/** Where a blob is inside of its pack, field names as stored, numbers in bytes. */
export interface IndexedBlob {
  readonly id: BlobId
  readonly type: BlobType
  readonly offset: number
  /** What the blob takes in the pack, encrypted. */
  readonly length: number
  /** The length of the plaintext where the blob is compressed. */
  readonly uncompressed_length?: number
}

/** A pack and the blobs of it that the index knows. */
export interface IndexedPack {
  readonly id: PackId
  readonly blobs: readonly IndexedBlob[]
}

/** An index file as stored (restic's doc/design.rst, "Indexing"). */
export interface IndexFile {
  /** Index files that this one replaces; written by restic before 0.15 only, without meaning since. */
  readonly supersedes?: readonly IndexId[]
  readonly packs: readonly IndexedPack[]
}

/** How many blobs restic puts into an index file before it begins the next (its `indexMaxBlobs`). */
export const INDEX_BLOBS_MAX = 50_000

const WHAT = 'index file'

/** The plaintext of an index file, as restic writes it. */
export function encodeIndexFile(index: IndexFile): Buffer {
  const supersedes = index.supersedes?.length ? `"supersedes":["${index.supersedes.join('","')}"],` : ''
  return Buffer.from(`{${supersedes}"packs":[${index.packs.map(encodePack).join(',')}]}\n`, 'latin1')
}

/**
 * Reads the plaintext of an index file. All numbers fit into 32 bits; whether they fit the packs is for the caller to see.
 *
 * @throws EngineError `data.malformed`
 */
export function decodeIndexFile(bytes: Uint8Array): IndexFile {
  const index = parseJson(bytes, WHAT)
  if (!isJsonObject(index)) throw malformed(WHAT, 'not a JSON object')
  if (index.packs === undefined) throw malformed(WHAT, 'it has no list of packs')
  const packs = listOf(index.packs, 'packs').map(decodePack)
  const supersedes = listOf(index.supersedes, 'supersedes').map(
    (id) => parseId<IndexId>(id) ?? wrong('supersedes has something that is no id'),
  )
  return supersedes.length > 0 ? { supersedes, packs } : { packs }
}

function encodePack(pack: IndexedPack): string {
  return `{"id":"${pack.id}","blobs":[${pack.blobs.map(encodeBlob).join(',')}]}`
}

function encodeBlob({ id, type, offset, length, uncompressed_length: uncompressed }: IndexedBlob): string {
  const tail = uncompressed ? `,"uncompressed_length":${uncompressed}}` : '}'
  return `{"id":"${id}","type":"${type}","offset":${offset},"length":${length}${tail}`
}

function decodePack(pack: unknown): IndexedPack {
  if (!isJsonObject(pack)) return wrong('a pack is not a JSON object')
  const id = parseId<PackId>(pack.id)
  if (id === undefined) return wrong('the id of a pack is not an id')
  const blobs = listOf(pack.blobs, 'blobs')
  for (const blob of blobs) checkBlob(blob)
  // The parsed objects are handed out themselves: copying 50,000 of them took as long as parsing, and unknown fields in them do no harm.
  return { id, blobs: blobs as readonly IndexedBlob[] }
}

function checkBlob(blob: unknown): void {
  if (!isJsonObject(blob)) throw malformed(WHAT, 'a blob is not a JSON object')
  const { id, type, offset, length, uncompressed_length: uncompressed } = blob
  if (typeof id !== 'string' || !isId(id)) throw malformed(WHAT, 'the id of a blob is not an id')
  if (type !== 'data' && type !== 'tree') throw malformed(WHAT, 'the type of a blob is unknown')
  if (!isUint32(offset) || !isUint32(length)) throw malformed(WHAT, 'the place of a blob is not in numbers of 32 bits')
  if (uncompressed !== undefined && !isUint32(uncompressed)) throw malformed(WHAT, 'the plaintext of a blob has no length of 32 bits')
}

/** A list; `null` and nothing mean an empty one, as in Go. */
function listOf(value: unknown, field: string): readonly unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : wrong(`${field} is not a list`)
}

function wrong(state: string): never {
  throw malformed(WHAT, state)
}
