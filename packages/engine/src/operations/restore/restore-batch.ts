import type { ByteString } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import type { BlobIndex, BlobLocation } from '../../repository/blob-index.ts'
import type { NodeMetadata } from './node-metadata.ts'
import type { NodeOrder } from './restore-tasks.ts'

/** What is in a file's place before the restore: nothing, a plain file, or something that has to go. */
export type Before = 'nothing' | 'file' | 'other'

/** A file that is restored, from the time it is found until it is finished; its content may spread over several batches. */
export interface RestoredFile {
  /** In the snapshot. */
  readonly location: ByteString
  /** In the target. */
  readonly path: ByteString
  readonly node: TreeNode
  /** Its number among the files of the walk. */
  readonly ordinal: number
  /** What its blobs make together. */
  readonly sizeBytes: number
  readonly before: Before
  /** The size of the plain file that is there. */
  readonly sizeBefore: number
  /** The file that is there has other names too, which must not change. */
  readonly hasOtherNames: boolean
  /** Whether blobs of what is there may be right. */
  readonly compare: boolean
  /** More than one batch deals with it. */
  readonly hasSeveralParts: boolean
  /** What the target has already of the parts that were looked at. */
  matchedBytes: number
  /** Something of it was or will be written. */
  changed: boolean
  /** Blobs are written to it in several tasks, so that it was opened once before. */
  prepared: boolean
  failed: boolean
}

/** A run of blobs of a file that one batch deals with. */
export interface FilePart {
  readonly file: RestoredFile
  /** Offset in the file of the first blob. */
  readonly offset: number
  readonly blobs: readonly PartBlob[]
  readonly isLast: boolean
  /** By blob: 1 where the target has it already. */
  matches: Uint8Array | undefined
}

export interface PartBlob {
  readonly id: BlobId
  readonly location: BlobLocation
}

/** A node that is no file, or another name of one. */
export interface BatchNode {
  readonly location: ByteString
  readonly order: NodeOrder
}

/** A folder all of whose content belongs to this batch or earlier ones. */
export interface BatchFolder {
  readonly location: ByteString
  readonly path: ByteString
  readonly metadata: NodeMetadata
}

/** Bounds of what one batch holds, so that memory depends on them and not on the snapshot. */
const BATCH_ENTRIES_MAX = 5000
export const BATCH_BLOBS_MAX = 100_000

/** A part of a restore that is carried out as one: packs are read once for all of it. */
export class RestoreBatch {
  readonly parts: FilePart[] = []
  readonly nodes: BatchNode[] = []
  readonly folders: BatchFolder[] = []
  #blobs = 0

  get isFull(): boolean {
    return this.#blobs >= BATCH_BLOBS_MAX || this.parts.length + this.nodes.length + this.folders.length >= BATCH_ENTRIES_MAX
  }

  get isEmpty(): boolean {
    return this.parts.length + this.nodes.length + this.folders.length === 0
  }

  addPart(part: FilePart): void {
    this.parts.push(part)
    this.#blobs += part.blobs.length
  }
}

/** Bytes of a blob's plaintext. */
export function plaintextBytes({ length, uncompressedLength }: Pick<BlobLocation, 'length' | 'uncompressedLength'>): number {
  return uncompressedLength === 0 ? Math.max(0, length - 32) : uncompressedLength
}

/** Some of the blobs of a file with their places; those that are unknown are left out. */
export interface LocatedBlobs {
  readonly blobs: readonly PartBlob[]
  readonly isLast: boolean
  readonly missing: number
}

/** Looks the blobs of a file up, as many at a time as fit into a batch. Gives at least one part. */
export function* locateInParts(index: BlobIndex, content: readonly BlobId[]): Generator<LocatedBlobs> {
  for (let first = 0; first === 0 || first < content.length; first += BATCH_BLOBS_MAX) {
    const end = Math.min(content.length, first + BATCH_BLOBS_MAX)
    const blobs: PartBlob[] = []
    for (let position = first; position < end; position++) {
      const id = content[position]
      const location = id && index.find('data', id)
      if (id !== undefined && location) blobs.push({ id, location })
    }
    yield { blobs, isLast: end === content.length, missing: end - first - blobs.length }
  }
}

/** What the blobs of a file make together, and how many are unknown. */
export function measureContent(index: BlobIndex, content: readonly BlobId[]): { readonly sizeBytes: number; readonly missing: number } {
  let sizeBytes = 0
  let missing = 0
  for (const part of locateInParts(index, content)) {
    sizeBytes += totalBytes(part.blobs)
    missing += part.missing
  }
  return { sizeBytes, missing }
}

/** What the plaintexts of blobs make together. */
export function totalBytes(blobs: readonly PartBlob[]): number {
  let bytes = 0
  for (const { location } of blobs) bytes += plaintextBytes(location)
  return bytes
}
