import { EngineError } from '../../errors.ts'
import type { ByteString } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import type { SpareThreads } from '../../repository/worker-pool.ts'

/**
 * What happens to a file that exists, restic's names: `always` makes it as the snapshot has it (only what differs is written), `if-changed`
 * does so unless size and modification time agree, `if-newer` only where the snapshot's is newer, `never` leaves it as it is.
 */
export type OverwritePolicy = 'always' | 'if-changed' | 'if-newer' | 'never'

/** Whether something is wanted, and whether anything below it may be. */
export interface Selection {
  readonly selected: boolean
  readonly childMayBeSelected: boolean
}

/** Patterns, in the syntax of path filters, on the names of extended attributes: only those that match are set, or all but those. */
export interface AttributePatterns {
  readonly mode: 'include' | 'exclude'
  readonly patterns: readonly string[]
}

/** What is to be restored, and where and how. */
export interface RestoreRequest {
  /** The root tree of the snapshot, or that of a folder in it. */
  readonly tree: BlobId
  /** The folder that gets what the tree holds; made if it does not exist. A relative path means the process's working folder. */
  readonly target: ByteString
  /** Default `always`. */
  readonly overwrite?: OverwritePolicy
  /**
   * Which paths (below the tree, with a leading slash) are restored; all by default. The answer for a path must not depend on `isFolder`
   * where `removeExtraneous` is set, since what is in the target alone is always asked about as no folder.
   */
  readonly select?: (path: ByteString, isFolder: boolean) => Selection
  /** Removes what is below the target, selected, and not in the snapshot. */
  readonly removeExtraneous?: boolean
  /**
   * The folders (below the tree) out of which something may be removed; all by default. Of the folders above what was backed up a snapshot
   * holds nothing but the way to it: what is beside it was never saved.
   */
  readonly removesIn?: (folder: ByteString) => boolean
  /**
   * Folders that are there and only the way to what is wanted stay as they are, links to folders too as long as root or the user who
   * restores has made them. By default they become what the snapshot has.
   */
  readonly keepsWays?: boolean
  /** Leaves runs of zeros in new files as holes. */
  readonly sparse?: boolean
  /** Reads restored files again and compares them with the snapshot. */
  readonly verify?: boolean
  /** Gives files to the users and groups of the snapshot's names, not numbers; root where there is no such name, as restic does. */
  readonly ownershipByName?: boolean
  /** Default: all attributes. */
  readonly attributes?: AttributePatterns
}

/** What a restore did, or a plan would do. Folders and special files count as files, as in restic's summary. */
export interface RestoreStatistics {
  readonly filesTotal: number
  readonly filesRestored: number
  /** Left alone: by policy, or because the content was right already (their metadata is set all the same). */
  readonly filesSkipped: number
  readonly filesRemoved: number
  readonly filesVerified: number
  readonly bytesTotal: number
  readonly bytesRestored: number
  readonly bytesSkipped: number
  /** Files, folders and attributes that could not be restored; each was reported. */
  readonly problems: number
}

/** What became of a path. restic's words, in its `--verbose` messages. */
export type RestoreAction = 'restored' | 'updated' | 'unchanged' | 'deleted'

/** Takes part in a restore while it runs. All methods are called on the thread that restores and must not throw. */
export interface RestoreProgress {
  /** Something was found that will be restored or left alone. The sum of all is the total. */
  found?(sizeBytes: number): void
  /** Bytes of content that are now in the target. */
  written?(sizeBytes: number): void
  /** A path is finished. */
  finished?(path: ByteString, action: RestoreAction, sizeBytes: number): void
  /** Something could not be restored; the rest goes on. `path` is that in the snapshot. */
  problem?(path: ByteString, error: EngineError): void
  /** Something that a user should know and that is no failure. */
  warning?(path: ByteString, message: string): void
}

export interface RestoreOptions {
  readonly signal?: AbortSignal | undefined
  readonly progress?: RestoreProgress | undefined
  /** Threads started beforehand by `spareRestoreThreads`; the restore takes them over and ends them. */
  readonly threads?: SpareThreads | undefined
}

/** What a restore would do to the target as it is now. Give it to `executeRestore`. */
export interface RestorePlan extends RestoreRequest {
  readonly statistics: RestoreStatistics
}

/**
 * Checks that the parts of a request go together.
 *
 * @throws EngineError `input.invalid`
 */
export function checkRequest(request: RestoreRequest): void {
  if (request.target === '' || request.target.includes('\0')) {
    throw new EngineError('input.invalid', 'Cannot restore: the target is not a path')
  }
  const isBounded = request.select !== undefined || request.removesIn?.('/' as ByteString) === false
  if (request.removeExtraneous && !isBounded && /^[/.]*\/[/.]*$/.test(request.target)) {
    throw new EngineError('input.invalid', 'Cannot restore to / and remove everything else: select what may be removed')
  }
}
