import { type BlobId, idFromBytes } from './ids.ts'
import { malformed, UINT32_MAX } from './stored-json.ts'

/** The two kinds of blobs: contents of files, and trees. */
export type BlobType = 'data' | 'tree'

/** One blob of a pack, in the order of the pack; lengths in bytes. */
export interface PackBlob {
  readonly type: BlobType
  readonly id: BlobId
  /** What the blob takes in the pack, encrypted. */
  readonly length: number
  /** The length of the plaintext where the blob is compressed, else 0. */
  readonly uncompressedLength: number
}

/** Bytes of a header entry of a blob that is not compressed: type, length, id. */
const PLAIN_ENTRY_SIZE = 37

/** Bytes of a header entry of a compressed blob: type, length, uncompressed length, id. */
const COMPRESSED_ENTRY_SIZE = 41

/** Bytes of the field at the end of a pack that holds the length of its encrypted header. */
export const HEADER_LENGTH_SIZE = 4

/** What encryption adds to a header or blob: nonce and MAC of 16 bytes each. */
const ENCRYPTION_OVERHEAD = 32

/** Bytes that the header of a pack takes besides its entries. */
export const HEADER_OVERHEAD: number = ENCRYPTION_OVERHEAD + HEADER_LENGTH_SIZE

/** The largest header with its encryption and its length field that restic reads (its `MaxHeaderSize`). */
export const HEADER_SIZE_MAX: number = 16 * 1024 * 1024 + HEADER_LENGTH_SIZE

/** How many blobs fit into a pack so that restic reads its header, all of them compressed. */
export const PACK_BLOBS_MAX: number = Math.floor((HEADER_SIZE_MAX - HEADER_OVERHEAD) / COMPRESSED_ENTRY_SIZE)

/** Bytes that a blob takes in the header of its pack. */
export function headerEntrySize(blob: Pick<PackBlob, 'uncompressedLength'>): number {
  return blob.uncompressedLength === 0 ? PLAIN_ENTRY_SIZE : COMPRESSED_ENTRY_SIZE
}

/** Bytes that the header of a pack of these blobs takes at the end of the file, with encryption and length field. */
export function packHeaderSize(blobs: Iterable<Pick<PackBlob, 'uncompressedLength'>>): number {
  let size = HEADER_OVERHEAD
  for (const blob of blobs) size += headerEntrySize(blob)
  return size
}

/** The plaintext of a pack's header. The lengths of the blobs fit into 32 bits, the caller keeps within {@link PACK_BLOBS_MAX}. */
export function encodePackHeader(blobs: readonly PackBlob[]): Buffer {
  const header = Buffer.allocUnsafe(packHeaderSize(blobs) - HEADER_OVERHEAD)
  let position = 0
  for (const { type, id, length, uncompressedLength } of blobs) {
    const compressed = uncompressedLength !== 0
    position = header.writeUInt8((type === 'tree' ? 1 : 0) + (compressed ? 2 : 0), position)
    position = header.writeUInt32LE(length, position)
    if (compressed) position = header.writeUInt32LE(uncompressedLength, position)
    position += header.write(id, position, 32, 'hex')
  }
  return header
}

/**
 * The blobs that the plaintext of a pack's header names. Their count is bounded by the size of `bytes`; whether they fill the pack exactly
 * is for the caller to compare.
 *
 * @throws EngineError `data.malformed` for an unknown type, a cut entry, a compressed blob of nothing, blobs of more than 4 GiB together
 */
export function decodePackHeader(bytes: Uint8Array): PackBlob[] {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const blobs: PackBlob[] = []
  let packSize = 0
  for (let position = 0; position < header.length; ) {
    const blob = decodeEntry(header, position)
    blobs.push(blob)
    packSize += blob.length
    if (packSize > UINT32_MAX) throw malformed('pack header', 'the blobs are longer than a pack can be')
    position += headerEntrySize(blob)
  }
  return blobs
}

function decodeEntry(header: Buffer, position: number): PackBlob {
  const kind = header.readUInt8(position)
  if (kind > 3) throw malformed('pack header', `unknown blob type ${kind}`)
  const compressed = kind >= 2
  const end = position + (compressed ? COMPRESSED_ENTRY_SIZE : PLAIN_ENTRY_SIZE)
  if (end > header.length) throw malformed('pack header', 'the last entry is cut off')
  const uncompressedLength = compressed ? header.readUInt32LE(position + 5) : 0
  if (compressed && uncompressedLength === 0) throw malformed('pack header', 'a compressed blob has no length')
  return {
    type: kind % 2 === 0 ? 'data' : 'tree',
    id: idFromBytes(header.subarray(end - 32, end)),
    length: header.readUInt32LE(position + 1),
    uncompressedLength,
  }
}
