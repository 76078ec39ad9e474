import type { CompressionMode } from '../../compression/zstd.ts'
import type { SealingKey } from '../../crypto/sealer.ts'
import type { ByteString } from '../../format/byte-string.ts'
import type { BlobId, PackId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import type { BlobIndexHandle } from '../../repository/blob-index.ts'
import type { PostedError } from '../../repository/worker-pool.ts'
import type { BackupItem } from './item-log.ts'
import type { PackBufferHandle } from './pack-buffers.ts'
import type { QuestionBox } from './question-box.ts'
import type { BlobProofs } from './remote-store.ts'
import type { SelectionRules } from './selection.ts'

/** How files are told to be unchanged since the parent snapshot. Size and modification time always count. */
export interface ChangeDetection {
  readonly ignoreInode: boolean
  readonly ignoreCtime: boolean
}

/** Files are cut in segments of this size when they are large, so that all workers take part. */
export const SEGMENT_BYTES = 8 * 1024 * 1024

/** What a worker needs to store blobs in a repository whose key this process holds. */
export interface PackStoreSettings {
  readonly kind: 'packs'
  readonly key: SealingKey
  readonly compression: CompressionMode
  readonly packSizeBytes: number
  /** The repository's folder when it is on this machine. */
  readonly repositoryFolder: string | undefined
  readonly buffers: PackBufferHandle
}

/** What a worker needs to store blobs behind a server. */
export interface RemoteStoreSettings {
  readonly kind: 'remote'
  readonly compression: CompressionMode
  readonly boxes: readonly QuestionBox[]
  readonly buffers: PackBufferHandle
}

/** What a backup worker is started with. */
export interface BackupWorkerData {
  readonly chunkerPolynomial: string
  readonly index: BlobIndexHandle
  readonly store: PackStoreSettings | RemoteStoreSettings
  readonly rules: SelectionRules
  readonly changeDetection: ChangeDetection
  readonly withAtime: boolean
  /** Tell what becomes of each entry. */
  readonly reportsItems: boolean
}

/** The tree of the same folder in the parent snapshot: its JSON, or where a worker finds it on this machine. */
export type ParentTree = { readonly id: BlobId; readonly json: Uint8Array } | LocalBlob

/** A blob in a pack that can be read from a local folder. */
export interface LocalBlob {
  readonly id: BlobId
  readonly pack: PackId
  readonly offset: number
  readonly length: number
  readonly uncompressedLength: number
}

/** Reads one folder: lists it, compares each entry with the parent snapshot's, and reads files if there are few. */
export interface FolderTask {
  readonly kind: 'folder'
  readonly path: ByteString
  readonly parentTree: ParentTree | undefined
}

/** Reads the entries of given names of one folder, whatever the exclude rules say of them. */
export interface EntriesTask {
  readonly kind: 'entries'
  readonly entries: readonly NamedPath[]
  readonly parentTree: ParentTree | undefined
}

/** An entry that was named by the user: where it is, and what it is called in the snapshot. */
export interface NamedPath {
  readonly name: ByteString
  readonly path: ByteString
  /** Exclude rules do not apply to what was named explicitly. */
  readonly isExplicit: boolean
}

/** Reads and stores small and medium files. */
export interface FilesTask {
  readonly kind: 'files'
  readonly files: readonly FileToRead[]
}

export interface FileToRead {
  readonly path: ByteString
  readonly name: ByteString
  readonly sizeBytes: number
  /** The node of the file in the parent snapshot, as JSON, when there is one. */
  readonly previousNode: string | undefined
}

/** Cuts and stores the part of a large file whose chunks begin in `[start, end)`. All segments of a file share its descriptor and chain. */
export interface SegmentTask {
  readonly kind: 'segment'
  readonly descriptor: number
  readonly path: ByteString
  readonly start: number
  readonly end: number
  readonly chain: SharedArrayBuffer
  readonly segment: number
}

/** Stores one chunk that was cut elsewhere, such as of a stream. */
export interface ChunkTask {
  readonly kind: 'chunk'
  readonly plaintext: Uint8Array
}

/** Closes the worker's open pack. */
export interface FlushTask {
  readonly kind: 'flush'
}

export type BackupTask = FolderTask | EntriesTask | FilesTask | SegmentTask | ChunkTask | FlushTask

/** Something about one path that the user should hear of. */
export interface PathProblem {
  readonly path: ByteString
  readonly message: string
  /** An error means that the entry, or a part of what it has, is not in the snapshot; a warning that it is. */
  readonly severity: 'error' | 'warning'
}

/** Counts of a part of a backup. */
export interface BackupCounts {
  filesNew: number
  filesChanged: number
  filesUnmodified: number
  /** Bytes of all files, read or not. */
  bytesProcessed: number
  dataBlobs: number
  dataBytesAdded: number
  dataBytesStored: number
}

/** All counts at zero. */
export function noCounts(): BackupCounts {
  return { filesNew: 0, filesChanged: 0, filesUnmodified: 0, bytesProcessed: 0, dataBlobs: 0, dataBytesAdded: 0, dataBytesStored: 0 }
}

/** Adds every count of `part` to `sum`. */
export function addCounts(sum: BackupCounts, part: BackupCounts): void {
  for (const key of Object.keys(part) as (keyof BackupCounts)[]) sum[key] += part[key]
}

/** A folder inside of the one that was read. */
export interface FolderEntry {
  readonly kind: 'folder'
  readonly path: ByteString
  /** Its node, still without the id of its tree. */
  readonly node: TreeNode
  readonly previousTree: BlobId | undefined
  readonly previousNode: string | undefined
  /** What is in it stays out of the snapshot: another file system begins here. */
  readonly isOpaque: boolean
}

/** A file whose content is still to be read. */
export interface PendingFileEntry extends FileToRead {
  readonly kind: 'file'
}

/** What is in a folder: finished nodes are their JSON, and neighbours among them one text, separated by commas as in a tree. */
export type ReadEntry = string | FolderEntry | PendingFileEntry

export interface ReadReport {
  readonly problems: readonly PathProblem[]
  readonly counts: BackupCounts
  /** What became of entries, where that is asked for. */
  items?: readonly BackupItem[]
}

export interface FolderAnswer extends ReadReport {
  readonly entries: readonly ReadEntry[]
}

/** The tree of a folder in which nothing is missing any more. */
export interface FinishedTree {
  readonly id: BlobId
  /** The tree itself, when the repository does not have it. */
  readonly json: Uint8Array<ArrayBuffer> | undefined
}

/** What was found in a folder: a finished tree, or entries of which some are still to be read. */
export type WholeFolderAnswer = FolderAnswer | (ReadReport & { readonly tree: FinishedTree })

export interface FilesAnswer extends ReadReport {
  /** The nodes as JSON, in the order of the task; undefined for a file that could not be read. */
  readonly nodes: readonly (string | undefined)[]
}

export interface SegmentAnswer {
  readonly content: readonly BlobId[]
  readonly bytesRead: number
  /** The file ends with this segment. */
  readonly hasEnded: boolean
  readonly counts: BackupCounts
}

export interface ChunkAnswer {
  readonly id: BlobId
  readonly counts: BackupCounts
}

export type BackupAnswer = WholeFolderAnswer | FolderAnswer | FilesAnswer | SegmentAnswer | ChunkAnswer | undefined

/** A worker could not store a blob that it had claimed. */
export interface BrokenClaim {
  readonly brokenClaim: PostedError
}

/** A pack that a worker has finished; it lies in one of the worker's shared buffers until the main thread frees that. */
export interface PackFinished {
  readonly id: PackId
  readonly buffer: number
  readonly lengthBytes: number
  /** Plaintext of the pack's header. */
  readonly header: Uint8Array
}

/** Counts of blobs and bytes of a part of what is stored. */
export interface StoredCounts {
  blobs: number
  bytesAdded: number
  bytesStored: number
}

/** A worker wants to know of blobs whether a server wants them; the answer goes into one of its boxes. */
export interface BlobsAsked {
  readonly asked: Uint8Array
  readonly box: number
}

/** A worker shows that it has blobs; the box is free again when the server has taken that. */
export interface BlobsProven {
  readonly proven: BlobProofs
  readonly nonce: Uint8Array
  readonly box: number
}

/** Frames for a server lie in one of the worker's shared buffers until the main thread frees that. */
export interface FramesFinished {
  readonly frames: number
  readonly lengthBytes: number
  readonly counts: StoredCounts
}

/** What a worker tells on the way to its stored blobs. */
export type StoreEvent = PackFinished | BlobsAsked | BlobsProven | FramesFinished
