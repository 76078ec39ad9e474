import { closeSync } from 'node:fs'
import { messageOf } from '../../errors.ts'
import type { ByteString } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import { encodeNode } from '../../format/tree.ts'
import { systemClock } from '../../host/clock.ts'
import { readOpenStatus, readStatus } from '../../host/file-status.ts'
import { metadataAbilities } from '../../host/posix.ts'
import type { BackupDestination } from './backup-destination.ts'
import type { BackupProgress } from './backup-progress.ts'
import {
  addCounts,
  type BackupCounts,
  type FolderAnswer,
  type FolderEntry,
  noCounts,
  type ParentTree,
  type PathProblem,
  type PendingFileEntry,
  type ReadReport,
  type WholeFolderAnswer,
} from './backup-tasks.ts'
import type { BackupWorkers } from './backup-workers.ts'
import { changedWhileRead, countFile, hasChanged, incomplete, openToRead, unreadable } from './file-reader.ts'
import { actionOf } from './item-log.ts'
import { storeLargeFile } from './large-file.ts'
import { nodeOfEntry } from './node-of-entry.ts'
import type { TargetNode } from './targets.ts'
import { type OpenFolder, TreeAssembly } from './tree-assembly.ts'
import { WorkScheduler } from './work-scheduler.ts'

export interface BackupRunOptions {
  readonly destination: BackupDestination
  readonly workers: BackupWorkers
  readonly withAtime: boolean
  readonly progress: BackupProgress
}

/** Files from this size on are cut by all workers at once. */
const LARGE_FILE_BYTES = 32 * 1024 * 1024
/** How much one task gives a worker to read: enough that messages cost nothing, little enough that all workers end together. */
const BATCH_FILES = 64
const BATCH_BYTES = 8 * 1024 * 1024

/** One walk over all targets: hands folders and files to workers and puts what they find together to trees. */
export class BackupRun {
  readonly counts: BackupCounts = noCounts()
  readonly assembly: TreeAssembly
  /** How many errors there were: entries, or parts of them, that are not in the snapshot. */
  errorCount = 0
  readonly #options: BackupRunOptions
  readonly #scheduler: WorkScheduler

  constructor(options: BackupRunOptions) {
    this.#options = options
    this.#scheduler = new WorkScheduler(options.workers.workerCount * 3)
    this.assembly = new TreeAssembly({
      saveTree: (json) => options.destination.saveTree(json),
      onFolder: (item) => {
        options.progress.advance?.({ files: 0, folders: 1, bytes: 0 })
        options.progress.item?.(item)
      },
    })
  }

  /** Walks the targets; resolves with the id of the root tree, undefined when nothing at all was found. */
  async walk(targets: ReadonlyMap<ByteString, TargetNode>, parentTree: BlobId | undefined): Promise<BlobId | undefined> {
    if (!metadataAbilities().extendedAttributes) {
      const message = 'extended attributes are not stored: the C library of this machine cannot be called'
      this.#report({ path: '/' as ByteString, message, severity: 'warning' })
    }
    const root: OpenFolder = { parent: undefined, entry: undefined, entries: [], holes: 0 }
    this.#scheduler.addFolder(() => this.#openLeading(root, { children: targets, parentTree }))
    await this.#scheduler.finished()
    return this.assembly.isEmpty ? undefined : this.assembly.rootTree
  }

  /** Stops the walk; {@link BackupRun.walk} rejects with `reason`. */
  cancel(reason: unknown): void {
    this.#scheduler.fail(reason)
  }

  /** A folder that only leads to targets: it holds nothing but what was named. */
  async #openLeading(
    folder: OpenFolder,
    content: { readonly children: ReadonlyMap<ByteString, TargetNode>; readonly parentTree: BlobId | undefined },
  ): Promise<void> {
    const children = [...content.children].sort(([a], [b]) => (a < b ? -1 : 1))
    folder.entries = new Array<string | undefined>(children.length).fill(undefined)
    folder.holes = children.length
    if (children.length === 0) await this.assembly.fill(folder, [])
    const parentTree = await this.#loadParentTree(content.parentTree)
    for (const [position, [name, child]] of children.entries()) {
      if (child.path !== undefined) {
        const entry = { name, path: child.path, isExplicit: child.isExplicit }
        const answer = await this.#options.workers.readEntries({ kind: 'entries', entries: [entry], parentTree })
        await this.#place(folder, { answer, positions: [position] })
      } else await this.#openLeadingChild(folder, { name, child, position, parentTree: content.parentTree })
    }
  }

  async #openLeadingChild(
    folder: OpenFolder,
    known: { readonly name: ByteString; readonly child: TargetNode; readonly position: number; readonly parentTree: BlobId | undefined },
  ): Promise<void> {
    const { name, child, position } = known
    const path = child.folderPath ?? ('/' as ByteString)
    const previous = await this.#previousNode(known.parentTree, name)
    // Reading the attributes of folders above the target may be forbidden, and they are not what is to be kept.
    const node = nodeOfEntry({ name, path, status: readStatus(path), withAtime: this.#options.withAtime, onIncomplete: () => undefined })
    const entry: FolderEntry = {
      kind: 'folder',
      path,
      node,
      previousTree: previous?.subtree,
      previousNode: previous === undefined ? undefined : encodeNode(previous),
      isOpaque: false,
    }
    const opened: OpenFolder = { parent: { folder, position }, entry, entries: [], holes: 0 }
    this.#scheduler.addFolder(() => this.#openLeading(opened, { children: child.children, parentTree: previous?.subtree }))
  }

  async #previousNode(
    tree: BlobId | undefined,
    name: ByteString,
  ): Promise<({ subtree?: BlobId } & Parameters<typeof encodeNode>[0]) | undefined> {
    if (tree === undefined) return undefined
    try {
      return (await this.#options.destination.readTree(tree)).nodes.find((node) => node.name === name)
    } catch (error) {
      this.#report({ path: '/' as ByteString, message: `parent snapshot: ${messageOf(error)}`, severity: 'warning' })
      return undefined
    }
  }

  async #readFolder(folder: OpenFolder, entry: FolderEntry): Promise<void> {
    const answer = await this.#listFolder(entry)
    if (answer === undefined) {
      const { parent } = folder
      if (parent !== undefined) await this.assembly.fill(parent.folder, [{ position: parent.position, json: undefined }])
    } else if ('tree' in answer) {
      this.#merge(answer)
      await this.assembly.finish(folder, answer.tree)
    } else {
      folder.entries = new Array<string | undefined>(answer.entries.length).fill(undefined)
      folder.holes = answer.entries.length
      await this.#place(folder, { answer, positions: answer.entries.map((_, position) => position) })
    }
  }

  /** What is in a folder; undefined, and reported, when it cannot be read. */
  async #listFolder(entry: FolderEntry): Promise<WholeFolderAnswer | undefined> {
    const { workers, progress } = this.#options
    if (entry.isOpaque) return { entries: [], problems: [], counts: noCounts() }
    progress.current?.(entry.path)
    try {
      const parentTree = await this.#loadParentTree(entry.previousTree)
      return await workers.readFolder({ kind: 'folder', path: entry.path, parentTree })
    } catch (error) {
      if (!workers.isUsable) throw error
      this.#report(unreadable(entry.path, error))
      return undefined
    }
  }

  /** Puts what a worker found into the folder at the given positions, and sends on what is still to be read. */
  async #place(folder: OpenFolder, found: { readonly answer: FolderAnswer; readonly positions: readonly number[] }): Promise<void> {
    const { answer, positions } = found
    this.#merge(answer)
    const finished: { position: number; json: string | undefined }[] = []
    const files: { position: number; file: PendingFileEntry }[] = []
    const folders: { position: number; entry: FolderEntry }[] = []
    for (const [index, position] of positions.entries()) {
      const entry = answer.entries[index]
      if (entry === undefined || typeof entry === 'string') finished.push({ position, json: entry })
      else if (entry.kind === 'file') files.push({ position, file: entry })
      else folders.push({ position, entry })
    }
    this.#scheduleFiles(folder, files)
    for (const { position, entry } of folders.reverse()) {
      const opened: OpenFolder = { parent: { folder, position }, entry, entries: [], holes: 0 }
      this.#scheduler.addFolder(() => this.#readFolder(opened, entry))
    }
    await this.assembly.fill(folder, finished)
  }

  #scheduleFiles(folder: OpenFolder, files: readonly { readonly position: number; readonly file: PendingFileEntry }[]): void {
    let batch: { position: number; file: PendingFileEntry }[] = []
    let batchBytes = 0
    const send = (): void => {
      const full = batch
      if (full.length > 0) this.#scheduler.addFile(() => this.#readBatch(folder, full))
      batch = []
      batchBytes = 0
    }
    for (const item of files) {
      if (item.file.sizeBytes >= LARGE_FILE_BYTES) {
        this.#scheduler.addFile(() => this.#readLargeFile(folder, item))
        continue
      }
      batch.push(item)
      batchBytes += item.file.sizeBytes
      if (batch.length >= BATCH_FILES || batchBytes >= BATCH_BYTES) send()
    }
    send()
  }

  async #readBatch(folder: OpenFolder, batch: readonly { readonly position: number; readonly file: PendingFileEntry }[]): Promise<void> {
    const answer = await this.#options.workers.readFiles({ kind: 'files', files: batch.map(({ file }) => file) })
    this.#merge(answer)
    await this.assembly.fill(
      folder,
      batch.map(({ position }, index) => ({ position, json: answer.nodes[index] })),
    )
  }

  async #readLargeFile(folder: OpenFolder, item: { readonly position: number; readonly file: PendingFileEntry }): Promise<void> {
    const { file, position } = item
    this.#options.progress.current?.(file.path)
    let json: string | undefined
    try {
      json = await this.#storeLargeFile(file)
    } catch (error) {
      if (!this.#options.workers.isUsable) throw error
      this.#report(unreadable(file.path, error))
    }
    await this.assembly.fill(folder, [{ position, json }])
  }

  async #storeLargeFile(file: PendingFileEntry): Promise<string> {
    const { workers, progress, withAtime } = this.#options
    const startedAtMs = systemClock.now()
    const { descriptor, status } = openToRead(file.path)
    try {
      const onSegment = (bytes: number): void => progress.advance?.({ files: 0, folders: 0, bytes })
      const { content, sizeBytes, counts } = await storeLargeFile(workers, {
        descriptor,
        path: file.path,
        sizeBytes: status.sizeBytes,
        onSegment,
      })
      addCounts(this.counts, counts)
      if (hasChanged(status, readOpenStatus(descriptor))) this.#report(changedWhileRead(file.path))
      const onIncomplete = (problem: unknown): void => this.#report(incomplete(file.path, problem))
      const node = encodeNode(nodeOfEntry({ name: file.name, path: file.path, status, content, sizeBytes, withAtime, onIncomplete }))
      countFile(this.counts, { node, previousNode: file.previousNode, sizeBytes })
      progress.advance?.({ files: 1, folders: 0, bytes: 0 })
      progress.item?.({
        path: file.path,
        kind: 'file',
        action: actionOf(node, file.previousNode),
        durationMs: systemClock.now() - startedAtMs,
        bytesAdded: counts.dataBytesAdded,
        bytesStored: counts.dataBytesStored,
      })
      return node
    } finally {
      closeSync(descriptor)
    }
  }

  #loadParentTree(id: BlobId | undefined): Promise<ParentTree | undefined> {
    if (id === undefined) return Promise.resolve(undefined)
    return this.#options.destination.parentTree(id).catch((error: unknown) => {
      this.#report({ path: '/' as ByteString, message: `parent snapshot: ${messageOf(error)}`, severity: 'warning' })
      return undefined
    })
  }

  #merge({ counts, problems, items = [] }: ReadReport): void {
    addCounts(this.counts, counts)
    for (const problem of problems) this.#report(problem)
    for (const item of items) this.#options.progress.item?.(item)
    const files = counts.filesNew + counts.filesChanged + counts.filesUnmodified
    if (files > 0) this.#options.progress.advance?.({ files, folders: 0, bytes: counts.bytesProcessed })
  }

  #report(problem: PathProblem): void {
    if (problem.severity === 'error') this.errorCount++
    this.#options.progress.problem?.(problem)
  }
}
