import type { CompressionMode } from '../../compression/zstd.ts'
import { EngineError } from '../../errors.ts'
import { type ByteString, displayText } from '../../format/byte-string.ts'
import type { SnapshotId } from '../../format/ids.ts'
import type { Snapshot, SnapshotSummary, StoredSnapshot } from '../../format/snapshot.ts'
import { type Timestamp, timestampFromMs } from '../../format/timestamp.ts'
import type { Identity } from '../../host/machine.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { defaultWorkerCount, type SpareThreads } from '../../repository/worker-pool.ts'
import type { CallOptions } from '../../storage/storage.ts'
import type { BackupDestination } from './backup-destination.ts'
import type { BackupProgress } from './backup-progress.ts'
import { BackupRun } from './backup-run.ts'
import type { BackupCounts, ChangeDetection } from './backup-tasks.ts'
import { BackupWorkers } from './backup-workers.ts'
import { PackDestination } from './pack-destination.ts'
import { RemoteDestination } from './remote-destination.ts'
import type { RemoteStore } from './remote-store.ts'
import { SELECT_ALL, type SelectionRules } from './selection.ts'
import { arrangeTargets } from './targets.ts'
import type { TreeCounts } from './tree-assembly.ts'

/** A repository whose key is at hand, or one behind a server that holds it. */
export type BackupTarget = IndexedRepository | RemoteStore

/** What the snapshot will say of itself. */
export interface SnapshotOptions {
  readonly hostname?: string
  readonly tags?: readonly string[]
  /** Moment of the snapshot; now, if absent. */
  readonly time?: Timestamp
  readonly programVersion?: string
  /** What the snapshot says was left out; all patterns of the rules, if absent. */
  readonly excludes?: readonly string[]
  /** The snapshot whose unchanged files need not be read again. */
  readonly parent?: StoredSnapshot | undefined
  /** Make no snapshot when everything is as in the parent. */
  readonly skipIfUnchanged?: boolean
}

export interface BackupOptions extends CallOptions, SnapshotOptions {
  /** Paths as the user gives them, relative to the working folder of this process or absolute. */
  readonly targets: readonly ByteString[]
  /** The same paths as the snapshot shall show them: absolute. */
  readonly absolutePaths: readonly string[]
  readonly rules?: SelectionRules
  readonly changeDetection?: ChangeDetection
  readonly withAtime?: boolean
  readonly compression?: CompressionMode
  readonly packSizeBytes?: number | undefined
  /** Worker threads, each reading one file at a time; as many as there are cores if absent. */
  readonly readConcurrency?: number | undefined
  /** As many threads started beforehand by {@link spareBackupThreads}; the backup takes them over and ends them. */
  readonly threads?: SpareThreads | undefined
  readonly progress?: BackupProgress
  /** Nothing is written to the repository before this resolves; see `WriteOptions.permission`. */
  readonly permission?: Promise<void> | undefined
  /** Do everything but store: the caller gives a repository over a storage that keeps nothing. */
  readonly dryRun?: boolean
}

export interface BackupResult {
  /** Undefined for a dry run and when nothing changed. */
  readonly snapshotId: SnapshotId | undefined
  readonly summary: SnapshotSummary
  /** Entries, or parts of them, that could not be backed up. */
  readonly errorCount: number
}

/**
 * Backs up files and folders into a new snapshot. A store behind a server is asked about blobs before they are compressed. What cannot be
 * read is reported through `progress` and left out; the rest is saved.
 * @throws {EngineError} `source.missing` when there was nothing to save at all; whatever the storage throws. The repository is sound
 *   whenever this ends, and what was stored until then is not stored again by the next backup.
 */
export async function backup(target: BackupTarget, options: BackupOptions): Promise<BackupResult> {
  const destination = destinationOf(target, options)
  const startedAt = destination.clock.now()
  const targets = arrangeTargets(options.targets)
  const cancellation = new AbortController()
  const signal = AbortSignal.any([cancellation.signal, ...(options.signal === undefined ? [] : [options.signal])])
  const workers = new BackupWorkers(destination, {
    rules: options.rules ?? SELECT_ALL,
    changeDetection: options.changeDetection ?? { ignoreInode: false, ignoreCtime: false },
    withAtime: options.withAtime ?? false,
    reportsItems: options.progress?.item !== undefined,
    workers: workerCountOf(options),
    threads: options.threads,
    onFailure: (error) => cancellation.abort(error),
  })
  try {
    const writeOptions = {
      signal,
      permission: options.permission,
      ...(options.compression === undefined ? {} : { compression: options.compression }),
    }
    const { run, tree } = await destination.write(async () => {
      const run = new BackupRun({ destination, workers, withAtime: options.withAtime ?? false, progress: options.progress ?? {} })
      const cancel = (): void => run.cancel(signal.reason)
      signal.throwIfAborted()
      signal.addEventListener('abort', cancel, { once: true })
      const tree = await run.walk(targets, options.parent?.tree).finally(() => signal.removeEventListener('abort', cancel))
      await workers.flush()
      if (tree === undefined) throw nothingToSave(options.targets)
      return { run, tree }
    }, writeOptions)
    addLaterCounts(destination, { files: run.counts, trees: run.assembly.counts })
    const summary = summarise(run.counts, { trees: run.assembly.counts, startedAt, endedAt: destination.clock.now() })
    const isUnchanged = options.skipIfUnchanged === true && options.parent?.tree === tree
    if (isUnchanged || options.dryRun === true) return { snapshotId: undefined, summary, errorCount: run.errorCount }
    const snapshot = describeSnapshot(destination.identity, { ...options, paths: options.absolutePaths, startedAt, tree, summary })
    return { snapshotId: await destination.saveSnapshot(snapshot, options), summary, errorCount: run.errorCount }
  } finally {
    await workers.close()
  }
}

/** Where a backup to `target` goes, as far as the options say how. */
export function destinationOf(
  target: BackupTarget,
  options: Pick<BackupOptions, 'compression' | 'packSizeBytes' | 'readConcurrency'>,
): BackupDestination {
  const { compression = 'auto', packSizeBytes } = options
  const settings = { compression, packSizeBytes, workers: workerCountOf(options) }
  return 'repository' in target ? new PackDestination(target, settings) : new RemoteDestination(target, settings)
}

/** How many workers the options ask for. */
export function workerCountOf({ readConcurrency }: Pick<BackupOptions, 'readConcurrency'>): number {
  return readConcurrency ?? defaultWorkerCount()
}

/** Adds what a store behind a server found to be new after the blobs had been handed over. */
export function addLaterCounts(
  { laterCounts }: BackupDestination,
  sums: { readonly files: BackupCounts; readonly trees: TreeCounts },
): void {
  const { data, trees } = laterCounts
  sums.files.dataBlobs += data.blobs
  sums.files.dataBytesAdded += data.bytesAdded
  sums.files.dataBytesStored += data.bytesStored
  sums.trees.treeBlobs += trees.blobs
  sums.trees.treeBytesAdded += trees.bytesAdded
  sums.trees.treeBytesStored += trees.bytesStored
}

/** The snapshot document of a finished backup. */
export function describeSnapshot(
  identity: Identity,
  parts: SnapshotOptions & {
    readonly paths: readonly string[]
    readonly startedAt: number
    readonly tree: Snapshot['tree']
    readonly summary: SnapshotSummary
    readonly rules?: SelectionRules
  },
): Snapshot {
  const patterns = [...(parts.rules?.excludes ?? []), ...(parts.rules?.caseInsensitiveExcludes ?? [])]
  const excludes = parts.excludes ?? patterns.map(displayText)
  return {
    time: parts.time ?? timestampFromMs(parts.startedAt),
    ...(parts.parent === undefined ? {} : { parent: parts.parent.id }),
    tree: parts.tree,
    paths: parts.paths,
    hostname: parts.hostname ?? identity.hostname,
    username: identity.username,
    uid: identity.uid,
    gid: identity.gid,
    ...(excludes.length > 0 ? { excludes } : {}),
    ...(parts.tags === undefined || parts.tags.length === 0 ? {} : { tags: parts.tags }),
    ...(parts.programVersion === undefined ? {} : { program_version: parts.programVersion }),
    summary: parts.summary,
  }
}

/** Statistics in the form that snapshots keep. Times in milliseconds since 1970. */
export function summarise(
  files: BackupCounts,
  rest: { readonly trees: TreeCounts; readonly startedAt: number; readonly endedAt: number },
): SnapshotSummary {
  const { trees } = rest
  return {
    backup_start: timestampFromMs(rest.startedAt),
    backup_end: timestampFromMs(rest.endedAt),
    files_new: files.filesNew,
    files_changed: files.filesChanged,
    files_unmodified: files.filesUnmodified,
    dirs_new: trees.foldersNew,
    dirs_changed: trees.foldersChanged,
    dirs_unmodified: trees.foldersUnmodified,
    data_blobs: files.dataBlobs,
    tree_blobs: trees.treeBlobs,
    data_added: files.dataBytesAdded + trees.treeBytesAdded,
    data_added_packed: files.dataBytesStored + trees.treeBytesStored,
    total_files_processed: files.filesNew + files.filesChanged + files.filesUnmodified,
    total_bytes_processed: files.bytesProcessed,
  }
}

function nothingToSave(targets: readonly ByteString[]): EngineError {
  return new EngineError('source.missing', `Cannot make a snapshot: nothing could be read of ${targets.map(displayText).join(', ')}`)
}
