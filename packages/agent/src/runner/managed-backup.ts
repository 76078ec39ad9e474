import {
  type BackupOptions,
  type BackupProgress,
  type BackupResult,
  type BlobId,
  backup,
  backupStream,
  isEngineError,
  type SnapshotId,
  type SpareThreads,
  type StoredSnapshot,
  spareBackupThreads,
  timestampFromMs,
} from '@holdfast/engine'
import { type UploadOpened, uploadOpenedSchema } from '@holdfast/protocol'
import { ManagedStore } from './managed-store.ts'
import { callPatiently, type RetryOptions, type UploadLink, UploadLostError } from './upload-link.ts'

/** Where a managed backup goes, and as part of what. */
export interface ManagedTarget {
  readonly repositoryId: number
  readonly runId: number | null
}

/** What a backup is told by the server rather than by its caller. */
type Decided = 'parent' | 'permission' | 'packSizeBytes' | 'dryRun' | 'hostname' | 'threads'

interface AgainOptions extends RetryOptions {
  /** Called when the backup is begun anew, with the reason; gives the progress of the new try. */
  readonly beginAnew?: ((reason: string) => BackupProgress) | undefined
}

export type ManagedBackupOptions = Omit<BackupOptions, Decided> & AgainOptions
export type ManagedStreamOptions = Omit<Parameters<typeof backupStream>[1], Decided | 'content'> &
  AgainOptions & {
    /** Gives the content from its beginning; called again when the upload has to be begun anew. */
    readonly content: () => AsyncIterable<Uint8Array>
    /** The path as the snapshot shows it. */
    readonly absolutePath: string
  }

/** How often a backup is begun anew because the server has lost the upload. */
const ATTEMPTS = 3

/**
 * Backs up files and folders through a server that holds the repository's key. Lost connections are waited out; when the server has lost
 * the upload the backup is begun anew, and what had arrived is not sent again.
 * @throws {EngineError} as `backup` does; `storage.unavailable` when the server cannot be reached for too long.
 * @throws {AgentError} for what the server refuses, as `callPatiently` says
 */
export function backupManaged(link: UploadLink, target: ManagedTarget, options: ManagedBackupOptions): Promise<BackupResult> {
  const upload = { link, target, paths: options.absolutePaths, options }
  return withUpload(upload, ({ store, ...decided }) => backup(store, { ...options, ...decided }))
}

/** As {@link backupManaged}, for one stream of bytes that becomes a file. */
export function backupStreamManaged(link: UploadLink, target: ManagedTarget, options: ManagedStreamOptions): Promise<BackupResult> {
  const upload = { link, target, paths: [options.absolutePath], options }
  return withUpload(upload, ({ store, ...decided }) => backupStream(store, { ...options, content: options.content(), ...decided }))
}

interface OpenedUpload {
  readonly store: ManagedStore
  readonly parent: StoredSnapshot | undefined
  readonly threads: SpareThreads
  readonly progress?: BackupProgress
}

async function withUpload(
  upload: {
    readonly link: UploadLink
    readonly target: ManagedTarget
    readonly paths: readonly string[]
    readonly options: AgainOptions & Pick<BackupOptions, 'signal' | 'readConcurrency' | 'progress'>
  },
  action: (opened: OpenedUpload) => Promise<BackupResult>,
): Promise<BackupResult> {
  const { link, target, paths, options } = upload
  let { progress } = options
  for (let attempt = 1; ; attempt++) {
    // They load while the server opens the repository.
    await using threads = spareBackupThreads(options.readConcurrency)
    const body = { ...target, paths }
    const reply = await callPatiently(link, { method: 'POST', path: '/agent/v1/uploads', body, signal: options.signal }, options)
    const opened = uploadOpenedSchema.parse(JSON.parse(reply.toString('utf8')))
    const store = new ManagedStore(link, opened, options)
    try {
      const result = await action({ store, parent: parentOf(opened, paths), threads, ...(progress === undefined ? {} : { progress }) })
      if (result.snapshotId === undefined) await store.abandon()
      return result
    } catch (failure) {
      const error = isEngineError(failure, 'operation.cancelled') ? (store.refusal ?? failure) : failure
      if (!(error instanceof UploadLostError) || attempt === ATTEMPTS) {
        await store.abandon()
        throw error
      }
      progress = options.beginAnew?.(error.message) ?? progress
    }
  }
}

function parentOf({ parent }: UploadOpened, paths: readonly string[]): StoredSnapshot | undefined {
  if (parent === null) return undefined
  const time = timestampFromMs(Date.parse(parent.time))
  return { id: parent.snapshotId as SnapshotId, tree: parent.treeId as BlobId, time, paths }
}
