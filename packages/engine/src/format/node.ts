import type { ByteString } from './byte-string.ts'
import type { BlobId } from './ids.ts'
import type { Timestamp } from './timestamp.ts'

/**
 * The kinds of entries a tree can hold. `irregular` is met in old repositories. A tree of a newer program may hold other texts, which the
 * decoder hands on: whoever handles nodes skips them with a warning.
 */
export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket' | 'irregular'

/** An unsigned 64-bit number: a `bigint` only where a `number` would lose digits. */
export type Uint64 = number | bigint

export interface ExtendedAttribute {
  readonly name: string
  /** The value in Base64, null where Go wrote an empty value as null. */
  readonly value: string | null
}

/**
 * One entry of a tree. The fields carry the names they have in the stored JSON (restic's doc/design.rst, "Trees and Data"); an absent field
 * is one that Go's `omitempty` leaves out.
 */
export interface TreeNode {
  readonly name: ByteString
  readonly type: NodeType
  /** Go's `os.FileMode`: permissions in the low nine bits, kind and set-id bits at the top. See `file-mode.ts`. */
  readonly mode?: number
  readonly mtime: Timestamp
  readonly atime: Timestamp
  readonly ctime: Timestamp
  readonly uid: number
  readonly gid: number
  readonly user?: string
  readonly group?: string
  readonly inode?: Uint64
  /** `stat.st_dev`. restic stores it for every node, unless its feature `device-id-for-hardlinks` is switched on. */
  readonly device_id?: Uint64
  readonly size?: number
  readonly links?: number
  /** Bytes of the target of a symbolic link (stored in `linktarget_raw` as well where they are not UTF-8). */
  readonly linktarget?: ByteString
  readonly extended_attributes?: readonly ExtendedAttribute[]
  /** Attributes of other systems (Windows), kept as they are. */
  readonly generic_attributes?: Readonly<Record<string, unknown>>
  /** `stat.st_rdev` of device files. */
  readonly device?: Uint64
  /** Ids of the data blobs of a file in order; null for everything that is not a file. */
  readonly content: readonly BlobId[] | null
  readonly subtree?: BlobId
  readonly error?: string
}

/** Entries in ascending order of their names' bytes. */
export interface Tree {
  readonly nodes: readonly TreeNode[]
}
