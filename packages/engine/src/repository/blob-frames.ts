import { hash } from 'node:crypto'
import { decompressToLookAt } from '../compression/zstd.ts'
import { EngineError } from '../errors.ts'
import { type BlobId, idFromBytes } from '../format/ids.ts'
import type { BlobType } from '../format/pack-header.ts'

/**
 * How blobs travel to a server that holds the key: frames one behind the other, each the 32 bytes of the id, a byte for the type (0 data,
 * 1 tree), a byte for the encoding (0 as it is, 1 zstd), two zero bytes, the length of the plaintext and that of what follows (32 bits
 * each, little-endian), and the content. Nothing in a frame is believed: not the lengths, and not that the content is what the id says.
 */
export const FRAME_HEADER_BYTES = 44

const TYPE = 32
const ENCODING = 33
const RESERVED = 34
const PLAINTEXT_LENGTH = 36
const CONTENT_LENGTH = 40

/** The largest chunk that a cutter makes. */
export const DATA_BYTES_MAX = 8 * 1024 * 1024
/** The tree of a folder with some 200,000 entries. */
export const TREE_BYTES_MAX = 64 * 1024 * 1024
/** A frame may be larger than its plaintext by so little: trees are compressed even where they grow. */
const GROWTH_BYTES_MAX = 1024

/** What a frame says of its blob. */
export interface BlobFrameHead {
  readonly type: BlobType
  readonly id: BlobId
  readonly isCompressed: boolean
  readonly plaintextLength: number
  readonly contentLength: number
}

/** One frame with its content, a view of the bytes that it was read from. */
export interface BlobFrame extends BlobFrameHead {
  readonly content: Uint8Array
  /** The whole frame. */
  readonly bytes: Uint8Array
}

/** Writes a frame at `offset` of `target`, which must have room; returns where the next one begins. */
export function writeFrame(
  target: Uint8Array,
  offset: number,
  frame: Pick<BlobFrame, 'type' | 'isCompressed' | 'plaintextLength' | 'content'> & { readonly digest: Uint8Array },
): number {
  const view = new DataView(target.buffer, target.byteOffset + offset, FRAME_HEADER_BYTES)
  target.set(frame.digest, offset)
  view.setUint8(TYPE, frame.type === 'tree' ? 1 : 0)
  view.setUint8(ENCODING, frame.isCompressed ? 1 : 0)
  view.setUint16(RESERVED, 0)
  view.setUint32(PLAINTEXT_LENGTH, frame.plaintextLength, true)
  view.setUint32(CONTENT_LENGTH, frame.content.length, true)
  target.set(frame.content, offset + FRAME_HEADER_BYTES)
  return offset + FRAME_HEADER_BYTES + frame.content.length
}

/**
 * What the frame at `offset` says; undefined where less than a whole head is there.
 * @throws {EngineError} `data.malformed` for a head that no frame has: lengths above the limits first of all.
 */
export function readFrameHead(bytes: Uint8Array, offset: number): BlobFrameHead | undefined {
  if (bytes.length - offset < FRAME_HEADER_BYTES) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, FRAME_HEADER_BYTES)
  const type = view.getUint8(TYPE)
  const encoding = view.getUint8(ENCODING)
  const plaintextLength = view.getUint32(PLAINTEXT_LENGTH, true)
  const contentLength = view.getUint32(CONTENT_LENGTH, true)
  // restic takes a pack with an uncompressed tree for unfinished work.
  if (type === 1 && encoding === 0) throw malformedFrame('a tree is not compressed')
  if (type > 1 || encoding > 1 || view.getUint16(RESERVED) !== 0) throw malformedFrame('its head has unknown values')
  if (plaintextLength > (type === 1 ? TREE_BYTES_MAX : DATA_BYTES_MAX))
    throw malformedFrame(`a blob of ${plaintextLength} bytes is too large`)
  if (plaintextLength === 0) throw malformedFrame('a blob is empty')
  const isFitting = encoding === 0 ? contentLength === plaintextLength : contentLength <= plaintextLength + GROWTH_BYTES_MAX
  if (!isFitting) throw malformedFrame(`${contentLength} bytes for a blob of ${plaintextLength}`)
  return {
    type: type === 1 ? 'tree' : 'data',
    id: idFromBytes<BlobId>(bytes.subarray(offset, offset + 32)),
    isCompressed: encoding === 1,
    plaintextLength,
    contentLength,
  }
}

/** All frames of `bytes`. @throws {EngineError} `data.malformed`, also where the last one is cut off. */
export function* readFrames(bytes: Uint8Array): Generator<BlobFrame> {
  for (let offset = 0; offset < bytes.length; ) {
    const head = readFrameHead(bytes, offset)
    const at = offset + FRAME_HEADER_BYTES
    if (head === undefined || at + head.contentLength > bytes.length) throw malformedFrame('it is cut off')
    const start = offset
    offset = at + head.contentLength
    yield { ...head, content: bytes.subarray(at, offset), bytes: bytes.subarray(start, offset) }
  }
}

/** A compressed tree as a frame of its own. */
export function treeFrame(id: BlobId, stored: { readonly content: Uint8Array; readonly plaintextLength: number }): Uint8Array {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + stored.content.length)
  writeFrame(frame, 0, { type: 'tree', digest: Buffer.from(id, 'hex'), isCompressed: true, ...stored })
  return frame
}

/**
 * The plaintext of a frame, its hash checked. It may lie in the frame, or in memory that the next call in this thread overwrites.
 * @throws {EngineError} `data.malformed`, `data.damaged`.
 */
export function openFrame({ id, isCompressed, plaintextLength, content }: BlobFrame): Uint8Array {
  const plaintext = isCompressed ? decompressToLookAt(content, { maxBytes: plaintextLength }) : content
  if (plaintext.length === plaintextLength && hash('sha256', plaintext, 'hex') === id) return plaintext
  throw new EngineError('data.damaged', `Cannot use the frame of blob ${id.slice(0, 10)}: what was sent is another`)
}

/** Bytes of a blob's name in questions: its type (0 data, 1 tree), then the 32 bytes of its id. */
export const BLOB_NAME_BYTES = 33

/** The names of blobs as {@link BLOB_NAME_BYTES} each. */
export function encodeBlobNames(blobs: readonly { readonly type: BlobType; readonly id: BlobId }[]): Uint8Array<ArrayBuffer> {
  const names = Buffer.from(new ArrayBuffer(blobs.length * BLOB_NAME_BYTES))
  for (const [position, { type, id }] of blobs.entries()) {
    names[position * BLOB_NAME_BYTES] = type === 'tree' ? 1 : 0
    names.write(id, position * BLOB_NAME_BYTES + 1, 32, 'hex')
  }
  return new Uint8Array(names.buffer)
}

/** Reads what {@link encodeBlobNames} wrote. @throws {EngineError} `data.malformed`. */
export function decodeBlobNames(names: Uint8Array): { readonly type: BlobType; readonly id: BlobId }[] {
  if (names.length % BLOB_NAME_BYTES !== 0) throw malformedFrame('the names of blobs are cut off')
  return Array.from({ length: names.length / BLOB_NAME_BYTES }, (_, position) => {
    const at = position * BLOB_NAME_BYTES
    const type = names[at] ?? 2
    if (type > 1) throw malformedFrame('the name of a blob has an unknown type')
    return { type: type === 1 ? 'tree' : 'data', id: idFromBytes<BlobId>(names.subarray(at + 1, at + BLOB_NAME_BYTES)) }
  })
}

function malformedFrame(state: string): EngineError {
  return new EngineError('data.malformed', `Cannot read a frame of a blob: ${state}`)
}
