import { parsePolynomial } from '../../chunker/polynomial.ts'
import { StreamCutter } from '../../chunker/stream-cutter.ts'
import { EngineError } from '../../errors.ts'
import type { ByteString } from '../../format/byte-string.ts'
import { displayText } from '../../format/byte-string.ts'
import { GO_MODE_DIR } from '../../format/file-mode.ts'
import type { BlobId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import { type Timestamp, timestampFromMs } from '../../format/timestamp.ts'
import { encodeNode, encodeTree } from '../../format/tree.ts'
import { TaskQueue } from '../../repository/task-queue.ts'
import type { CallOptions } from '../../storage/storage.ts'
import {
  addLaterCounts,
  type BackupOptions,
  type BackupResult,
  type BackupTarget,
  describeSnapshot,
  destinationOf,
  type SnapshotOptions,
  summarise,
  workerCountOf,
} from './backup.ts'
import type { BackupDestination } from './backup-destination.ts'
import { addCounts, type BackupCounts, noCounts } from './backup-tasks.ts'
import { BackupWorkers } from './backup-workers.ts'
import { SELECT_ALL } from './selection.ts'
import type { TreeCounts } from './tree-assembly.ts'

export interface StreamBackupOptions
  extends CallOptions,
    SnapshotOptions,
    Pick<BackupOptions, 'compression' | 'packSizeBytes' | 'progress' | 'dryRun' | 'readConcurrency' | 'threads' | 'permission'> {
  /** Path of the file in the snapshot, such as `/dumps/shop.sql`. */
  readonly filename: ByteString
  /** What is stored. If it ends with an error, no snapshot is made. */
  readonly content: AsyncIterable<Uint8Array>
}

const FILE_MODE = 0o644
const FOLDER_MODE = (GO_MODE_DIR | 0o755) >>> 0

/**
 * Backs up one stream of bytes, such as standard input or the output of a program, as a file of a new snapshot.
 * @throws {EngineError} what the content throws, `input.invalid` for a path that names no file; whatever the storage throws.
 */
export async function backupStream(target: BackupTarget, options: StreamBackupOptions): Promise<BackupResult> {
  const destination = destinationOf(target, options)
  const startedAt = destination.clock.now()
  const components = componentsOf(options.filename)
  const cancellation = new AbortController()
  const signal = AbortSignal.any([cancellation.signal, ...(options.signal === undefined ? [] : [options.signal])])
  const workers = new BackupWorkers(destination, {
    rules: SELECT_ALL,
    changeDetection: { ignoreInode: false, ignoreCtime: false },
    withAtime: false,
    workers: workerCountOf(options),
    threads: options.threads,
    onFailure: (error) => cancellation.abort(error),
  })
  try {
    const stored = await destination.write(
      async () => {
        const { content, counts } = await storeContent(destination, workers, {
          content: options.content,
          signal,
          progress: options.progress ?? {},
        })
        await workers.flush()
        const file = fileNode(components, { content, sizeBytes: counts.bytesProcessed, time: options.time ?? timestampFromMs(startedAt) })
        return { counts, ...(await storeTrees(destination, components, file)) }
      },
      { signal, permission: options.permission, ...(options.compression === undefined ? {} : { compression: options.compression }) },
    )
    addLaterCounts(destination, { files: stored.counts, trees: stored.trees })
    const summary = summarise(stored.counts, { trees: stored.trees, startedAt, endedAt: destination.clock.now() })
    const isUnchanged = options.skipIfUnchanged === true && options.parent?.tree === stored.tree
    if (isUnchanged || options.dryRun === true) return { snapshotId: undefined, summary, errorCount: 0 }
    const paths = [displayText(`/${components.join('/')}` as ByteString)]
    const snapshot = describeSnapshot(destination.identity, { ...options, paths, startedAt, tree: stored.tree, summary })
    return { snapshotId: await destination.saveSnapshot(snapshot, options), summary, errorCount: 0 }
  } finally {
    await workers.close()
  }
}

/** Cuts on this thread and has the workers do the rest; as many chunks are under way as keep them busy. */
async function storeContent(
  destination: BackupDestination,
  workers: BackupWorkers,
  source: Pick<StreamBackupOptions, 'content' | 'progress'> & { readonly signal: AbortSignal },
): Promise<{ readonly content: BlobId[]; readonly counts: BackupCounts }> {
  const cutter = new StreamCutter(parsePolynomial(destination.chunkerPolynomial))
  const queue = new TaskQueue(workers.workerCount * 2)
  const content: BlobId[] = []
  const counts = noCounts()
  let chunks = 0
  const store = (chunk: Uint8Array): Promise<void> => {
    const position = chunks++
    // The cutter uses its memory again at once, and a worker wants memory of its own.
    const plaintext = new Uint8Array(chunk)
    return queue.add(async () => {
      const answer = await workers.storeChunk(plaintext)
      content[position] = answer.id
      addCounts(counts, answer.counts)
    })
  }
  try {
    for await (const piece of source.content) {
      source.signal.throwIfAborted()
      for (const chunk of cutter.push(piece)) await store(chunk)
      counts.bytesProcessed += piece.length
      source.progress?.advance?.({ files: 0, folders: 0, bytes: piece.length })
    }
    for (const chunk of cutter.finish()) await store(chunk)
    await queue.drain()
  } finally {
    await queue.settle()
  }
  counts.filesNew = 1
  source.progress?.advance?.({ files: 1, folders: 0, bytes: 0 })
  return { content, counts }
}

function fileNode(
  components: readonly ByteString[],
  file: { readonly content: readonly BlobId[]; readonly sizeBytes: number; readonly time: Timestamp },
): TreeNode {
  return {
    name: components.at(-1) ?? ('' as ByteString),
    type: 'file',
    mode: FILE_MODE,
    mtime: file.time,
    atime: file.time,
    ctime: file.time,
    uid: 0,
    gid: 0,
    ...(file.sizeBytes > 0 ? { size: file.sizeBytes } : {}),
    content: file.content,
  }
}

/** Stores the tree of the file's folder and of each folder above it. */
async function storeTrees(
  destination: BackupDestination,
  components: readonly ByteString[],
  file: TreeNode,
): Promise<{ readonly tree: BlobId; readonly trees: TreeCounts }> {
  const trees: TreeCounts = { foldersNew: 0, foldersChanged: 0, foldersUnmodified: 0, treeBlobs: 0, treeBytesAdded: 0, treeBytesStored: 0 }
  let node = file
  for (let depth = components.length - 1; ; depth--) {
    const json = encodeTree([encodeNode(node)])
    const saved = await destination.saveTree(json)
    if (saved.isNew) {
      trees.treeBlobs++
      trees.treeBytesAdded += json.length
      trees.treeBytesStored += saved.storedBytes
    }
    const name = components[depth - 1]
    if (name === undefined) return { tree: saved.id, trees }
    trees.foldersNew++
    node = {
      name,
      type: 'dir',
      mode: FOLDER_MODE,
      mtime: file.mtime,
      atime: file.mtime,
      ctime: file.mtime,
      uid: 0,
      gid: 0,
      content: null,
      subtree: saved.id,
    }
  }
}

function componentsOf(filename: ByteString): ByteString[] {
  const components = filename.split('/').filter((component) => component !== '' && component !== '.') as ByteString[]
  if (components.length === 0 || components.includes('..' as ByteString)) {
    throw new EngineError('input.invalid', `Cannot store a stream as "${displayText(filename)}": that names no file`)
  }
  return components
}
