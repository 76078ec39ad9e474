import type { BlobId } from '../../format/ids.ts'
import type { BlobType } from '../../format/pack-header.ts'
import type { FileRef } from '../../storage/storage.ts'

/** What puts a finding right. To be used in this order where several are needed. */
export const REMEDIES = ['unlock', 'key', 'repair-index', 'repair-packs', 'repair-snapshots', 'prune', 'retry'] as const

export type Remedy = (typeof REMEDIES)[number]

/**
 * Everything that a check can find, one row each. An error means that something is lost or will be; a hint that the repository is sound but
 * not tidy.
 */
export const FINDINGS = {
  'lock.damaged': { severity: 'hint', remedy: 'unlock', meaning: 'A lock file cannot be read.' },
  'key.damaged': { severity: 'error', remedy: 'key', meaning: 'A key file cannot be used; its password opens the repository no more.' },
  'snapshot.damaged': { severity: 'error', remedy: 'repair-snapshots', meaning: 'A snapshot file cannot be used.' },
  'index.damaged': { severity: 'error', remedy: 'repair-index', meaning: 'An index file cannot be used.' },
  'index.conflict': { severity: 'error', remedy: 'repair-packs', meaning: 'Index files disagree about a pack, or its blobs overlap.' },
  'index.duplicate': { severity: 'hint', remedy: 'repair-index', meaning: 'Several index files name the same pack.' },
  'pack.missing': { severity: 'error', remedy: 'repair-index', meaning: 'A pack that the index names does not exist.' },
  'pack.size': { severity: 'error', remedy: 'repair-packs', meaning: 'A pack is longer or shorter than the index says.' },
  'pack.orphaned': { severity: 'hint', remedy: 'prune', meaning: 'A pack is in no index file; an interrupted backup leaves such packs.' },
  'pack.mixed': { severity: 'hint', remedy: 'prune', meaning: 'A pack holds both data and trees.' },
  'pack.unreadable': { severity: 'error', remedy: 'retry', meaning: 'The storage fails to give a pack out.' },
  'pack.unsteady': { severity: 'error', remedy: 'retry', meaning: 'A pack was damaged when it was read first, and sound the second time.' },
  'pack.damaged': {
    severity: 'error',
    remedy: 'repair-packs',
    meaning: 'A pack does not hash to its name, or its header is not what the index says.',
  },
  'blob.damaged': {
    severity: 'error',
    remedy: 'repair-packs',
    meaning: 'A blob in a pack cannot be decrypted, or is not what its id says.',
  },
  'blob.unused': { severity: 'hint', remedy: 'prune', meaning: 'No snapshot needs a blob.' },
  'tree.damaged': {
    severity: 'error',
    remedy: 'repair-snapshots',
    meaning: 'A folder that a snapshot needs is missing or cannot be read.',
  },
  'node.invalid': { severity: 'error', remedy: 'repair-snapshots', meaning: 'An entry of a folder makes no sense.' },
  'node.size': {
    severity: 'hint',
    remedy: 'repair-snapshots',
    meaning: 'A file has another size than its content; old programs left such files.',
  },
  'content.missing': { severity: 'error', remedy: 'repair-snapshots', meaning: 'The index does not have a part of the content of a file.' },
} as const satisfies Record<string, { readonly severity: 'error' | 'hint'; readonly remedy: Remedy; readonly meaning: string }>

/** What kind of thing a check found; the keys of {@link FINDINGS}. */
export type FindingKind = keyof typeof FINDINGS

/** One thing that a check found. */
export interface Finding {
  readonly kind: FindingKind
  readonly severity: 'error' | 'hint'
  /** What it is about, a colon, and its state. Names of files in snapshots are shown as text. */
  readonly message: string
  /** The file of the repository that it is about. */
  readonly file?: FileRef
  /** The blob that it is about. */
  readonly blob?: { readonly type: BlobType; readonly id: BlobId }
}

/** A finding of a kind; its severity is that of the kind. */
export function findingOf(kind: FindingKind, message: string, about: Pick<Finding, 'file' | 'blob'> = {}): Finding {
  return { kind, severity: FINDINGS[kind].severity, message, ...about }
}
