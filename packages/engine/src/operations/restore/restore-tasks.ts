import type { SealingKey } from '../../crypto/sealer.ts'
import type { ByteString } from '../../format/byte-string.ts'
import type { BlobId, PackId } from '../../format/ids.ts'
import type { NodeType, Uint64 } from '../../format/node.ts'
import type { PostedError } from '../../repository/worker-pool.ts'
import type { MetadataProblem, MetadataRules, NodeMetadata } from './node-metadata.ts'

/** What a worker gets at its start. */
export interface RestoreWorkerData {
  readonly masterKey: SealingKey
  /** Where packs can be read without asking the main thread. */
  readonly localFolder: string | undefined
  readonly metadata: MetadataRules
  /** Full folders may give way to a file. */
  readonly removeExtraneous: boolean
}

export type RestoreTask = ContentTask | NodesTask | MetadataTask | CompareTask

export type RestoreResult = ContentResult | ProblemsResult | CompareResult

/** Blobs of one pack and the files they go to. */
export interface ContentTask {
  readonly kind: 'content'
  readonly pack: PackId | undefined
  readonly runs: readonly BlobRun[]
  readonly files: readonly FileOrder[]
  /** The bytes of each run where the worker cannot read them itself. */
  readonly contents: readonly Uint8Array[] | undefined
}

/** Blobs that lie near each other in a pack: bytes that are read at once. */
export interface BlobRun {
  readonly offset: number
  readonly length: number
  readonly blobs: readonly BlobOrder[]
}

export interface BlobOrder {
  readonly id: BlobId
  /** In the pack. */
  readonly offset: number
  readonly length: number
  readonly uncompressedLength: number
  /** Pairs of numbers: the position of the file in the task's list, the offset in that file. */
  readonly places: readonly number[]
}

/** A file and what the task does to it besides writing blobs. */
export interface FileOrder {
  readonly path: ByteString
  readonly sizeBytes: number
  /** `new`: there is nothing. `existing`: there may be something, kept as far as it is not written. `prepared`: just write. */
  readonly start: 'new' | 'existing' | 'prepared'
  readonly sparse: boolean
  /** Set after the content, when the task holds all that is to be written; undefined where more comes from elsewhere. */
  readonly metadata: NodeMetadata | undefined
}

export interface ContentResult {
  readonly kind: 'content'
  /** Blobs that could not be read, by their place: run and position in it. Their files are not finished. */
  readonly unreadable: readonly UnreadableBlob[]
  /** Files that could not be written. */
  readonly failed: readonly FileFailure[]
  readonly problems: readonly FileProblem[]
}

export interface UnreadableBlob {
  readonly run: number
  readonly blob: number
  readonly error: PostedError
}

export interface FileFailure {
  readonly file: number
  readonly error: PostedError
}

/** Metadata that could not be set on the file or node at a position of the task's list. */
export interface FileProblem extends MetadataProblem {
  readonly file: number
}

/** Everything but files and folders. */
export interface NodesTask {
  readonly kind: 'nodes'
  readonly nodes: readonly NodeOrder[]
}

export interface NodeOrder {
  readonly path: ByteString
  readonly type: NodeType
  /** Where a symbolic link leads. */
  readonly linkTarget: ByteString | undefined
  /** The file of the target that this one is another name of. */
  readonly hardLinkTo: ByteString | undefined
  readonly device: Uint64
  readonly metadata: NodeMetadata
}

/** Sets metadata in the order given. */
export interface MetadataTask {
  readonly kind: 'metadata'
  readonly entries: readonly { readonly path: ByteString; readonly metadata: NodeMetadata }[]
}

export interface ProblemsResult {
  readonly kind: 'problems'
  readonly failed: readonly FileFailure[]
  readonly problems: readonly FileProblem[]
}

/** Compares what files hold with what they should. */
export interface CompareTask {
  readonly kind: 'compare'
  readonly files: readonly FileToCompare[]
}

export interface FileToCompare {
  readonly path: ByteString
  /** Where in the file the first of the blobs begins. */
  readonly offset: number
  readonly blobs: readonly { readonly id: BlobId; readonly lengthBytes: number }[]
}

export interface CompareResult {
  readonly kind: 'compare'
  /** For each file one byte a blob, 1 where the file holds it; empty where the file cannot be read at all. */
  readonly matches: readonly Uint8Array[]
}
