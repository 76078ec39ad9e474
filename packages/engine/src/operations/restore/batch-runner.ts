import { closeSync } from 'node:fs'
import { type EngineError, isEngineError } from '../../errors.ts'
import type { ByteString } from '../../format/byte-string.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { TaskQueue } from '../../repository/task-queue.ts'
import { receivedError } from '../../repository/worker-pool.ts'
import { isDamage } from '../../snapshots/tree-walker.ts'
import { compareParts } from './compare-parts.ts'
import { bareTasks, LOCAL_PATTERN, type PlannedTask, planContent, REMOTE_PATTERN, type TaskDraft, taskOf } from './content-tasks.ts'
import { metadataOf, targetFailure } from './node-metadata.ts'
import type { BatchFolder, BatchNode, FilePart, RestoreBatch, RestoredFile } from './restore-batch.ts'
import { plaintextBytes } from './restore-batch.ts'
import type { RestoreReport } from './restore-report.ts'
import type { RestoreRequest } from './restore-request.ts'
import type { ContentResult, FileProblem, MetadataTask, UnreadableBlob } from './restore-tasks.ts'
import type { RestoreWorkers } from './restore-workers.ts'
import { openTarget, writeFully } from './target-file.ts'

export interface BatchRunnerParts {
  readonly indexed: IndexedRepository
  readonly workers: RestoreWorkers
  readonly request: RestoreRequest
  readonly report: RestoreReport
  readonly dryRun: boolean
  /** Told of each file whose content was written. */
  readonly onRestored: (file: RestoredFile) => void
  readonly signal: AbortSignal | undefined
}

/** Nodes or metadata of one task. */
const TASK_ENTRIES_MAX = 500

/**
 * Carries out batches: compares what is there, writes content, makes links and special files, and sets metadata, that of folders last. The
 * batches must come in order and one at a time.
 */
export class BatchRunner {
  readonly #parts: BatchRunnerParts
  readonly #report: RestoreReport
  /** Finished files whose metadata is set by a task of its own. */
  #toFinish: RestoredFile[] = []

  constructor(parts: BatchRunnerParts) {
    this.#parts = parts
    this.#report = parts.report
  }

  async run(batch: RestoreBatch): Promise<void> {
    const toCompare = batch.parts.filter(({ file }) => file.compare)
    await compareParts(this.#parts.workers, toCompare, this.#parts.signal)
    for (const part of batch.parts) this.#judge(part)
    if (this.#parts.dryRun) {
      this.#pretend(batch)
      return
    }
    await this.#writeContent(batch.parts)
    await this.#finishFiles()
    await this.#makeNodes(batch.nodes)
    await this.#finishFolders(batch.folders)
  }

  /** Decides whether a file is changed, as far as this part of it tells. */
  #judge(part: FilePart): void {
    const { file, matches } = part
    if (matches !== undefined && (file.sizeBefore !== file.sizeBytes || matches.includes(0))) {
      file.changed = true
      // A new file takes the place of one that has other names: it has no content to keep.
      if (file.hasOtherNames) part.matches = undefined
    }
    if (!part.isLast) return
    if (file.changed) this.#report.found(file.sizeBytes)
    else {
      this.#report.skipped(file.location, file.sizeBytes)
      this.#toFinish.push(file)
    }
  }

  #pretend(batch: RestoreBatch): void {
    for (const { file, isLast } of batch.parts) {
      if (!isLast || !file.changed) continue
      this.#report.written(file.sizeBytes)
      this.#report.finished(file.location, actionOf(file), file.sizeBytes)
    }
    for (const { location } of [...batch.nodes, ...batch.folders]) this.#report.finished(location, 'restored', 0)
    this.#toFinish = []
  }

  async #writeContent(parts: readonly FilePart[]): Promise<void> {
    const { workers, request, indexed, signal } = this.#parts
    const { storage } = indexed.repository
    for (const part of parts) this.#countMatches(part)
    const plan = planContent(parts)
    for (const file of plan.shared) this.#prepare(file)
    const queue = new TaskQueue(storage.localFolder === undefined ? workers.tasksAtOnce + storage.limits.connections : workers.tasksAtOnce)
    const sparse = request.sparse === true
    for (const planned of bareTasks(plan.bare, sparse)) {
      await queue.add(async () => this.#settle(planned, await workers.writeContent(planned.task)))
    }
    for (const draft of plan.drafts) {
      signal?.throwIfAborted()
      await queue.add(() => this.#runDraft(draft))
    }
    await queue.drain()
    for (const { file, isLast } of parts) if (isLast && file.changed && file.prepared && !file.failed) this.#toFinish.push(file)
  }

  /** Bytes that are right already count as restored, as in restic. */
  #countMatches({ file, blobs, matches }: FilePart): void {
    if (!file.changed || matches === undefined) return
    let bytes = 0
    for (const [index, { location }] of blobs.entries()) if (matches[index] === 1) bytes += plaintextBytes(location)
    if (bytes > 0) this.#report.written(bytes)
  }

  /** Opens a file once before several tasks write to it. */
  #prepare(file: RestoredFile): void {
    if (file.prepared || file.failed) return
    const { request } = this.#parts
    const sparse = request.sparse === true && file.before !== 'file'
    const { sizeBytes } = file
    try {
      const isNew = file.before === 'nothing'
      closeSync(openTarget(file.path, { sizeBytes, sparse, isNew, removeExtraneous: request.removeExtraneous === true }))
      file.prepared = true
    } catch (error) {
      this.#fail(file, targetFailure('write', file.path, error))
    }
  }

  async #runDraft(draft: TaskDraft): Promise<void> {
    const { indexed, request, workers } = this.#parts
    const isLocal = indexed.repository.storage.localFolder !== undefined
    const pattern = isLocal ? LOCAL_PATTERN : REMOTE_PATTERN
    const planned = taskOf(draft, { packId: indexed.packs.idOf(draft.pack), pattern, sparse: request.sparse === true })
    if (planned.task.runs.length === 0) return
    const task = isLocal ? planned.task : { ...planned.task, contents: await this.#fetch(planned) }
    await this.#settle(planned, await workers.writeContent(task))
  }

  /** The bytes of all runs; none for a run that cannot be read, which the worker then reports as unreadable. */
  #fetch({ task }: PlannedTask): Promise<Uint8Array[]> {
    const { indexed, signal } = this.#parts
    const file = { kind: 'data', name: task.pack ?? '' } as const
    return Promise.all(
      task.runs.map(async ({ offset, length }) => {
        try {
          const content = await indexed.repository.storage.read(file, { offset, length }, { signal })
          // Only memory that is this buffer's alone can be handed over.
          return content.byteLength === content.buffer.byteLength ? content : Uint8Array.from(content)
        } catch (error) {
          if (!isDamage(error)) throw error
          return new Uint8Array(0)
        }
      }),
    )
  }

  async #settle(planned: PlannedTask, result: ContentResult): Promise<void> {
    for (const { file, error } of result.failed) this.#fail(planned.files[file]?.file, receivedError(error))
    const incomplete = new Set<RestoredFile>()
    for (const unreadable of result.unreadable) await this.#rescue(planned, unreadable, incomplete)
    for (const { file, bytes } of planned.files) {
      if (file.failed) continue
      this.#report.written(bytes)
      if (file.prepared) continue
      if (incomplete.has(file)) this.#toFinish.push(file)
      else this.#finished(file)
    }
    this.#reportProblems(
      planned.files.map(({ file }) => file),
      result.problems,
    )
  }

  /** Reads a blob again, from wherever the repository has another copy of it, and writes it to all files that want it. */
  async #rescue(planned: PlannedTask, unreadable: UnreadableBlob, incomplete: Set<RestoredFile>): Promise<void> {
    const { indexed, signal } = this.#parts
    const blob = planned.task.runs[unreadable.run]?.blobs[unreadable.blob]
    if (blob === undefined) return
    let content: Buffer | EngineError
    try {
      content = await indexed.readBlob('data', blob.id, { signal })
    } catch (error) {
      if (!isDamage(error)) throw error
      content = error
    }
    for (let index = 0; index < blob.places.length; index += 2) {
      const file = planned.files[blob.places[index] ?? 0]?.file
      if (file === undefined || file.failed) continue
      incomplete.add(file)
      if (isEngineError(content)) this.#fail(file, content)
      else this.#patch(file, content, blob.places[index + 1] ?? 0)
    }
  }

  #patch(file: RestoredFile, content: Buffer, offset: number): void {
    const { path, sizeBytes } = file
    try {
      const removeExtraneous = this.#parts.request.removeExtraneous === true
      const descriptor = openTarget(path, { sizeBytes, sparse: false, isNew: false, removeExtraneous })
      try {
        writeFully(descriptor, content, offset)
      } finally {
        closeSync(descriptor)
      }
    } catch (error) {
      this.#fail(file, targetFailure('write', path, error))
    }
  }

  #fail(file: RestoredFile | undefined, error: unknown): void {
    if (file === undefined || file.failed) return
    file.failed = true
    this.#report.problem(file.location, targetFailure('restore', file.path, error))
  }

  #finished(file: RestoredFile): void {
    this.#parts.onRestored(file)
    this.#report.finished(file.location, actionOf(file), file.sizeBytes)
  }

  async #finishFiles(): Promise<void> {
    const files = this.#toFinish
    this.#toFinish = []
    await this.#setMetadata(
      files.map(({ location, path, node }) => ({ location, path, metadata: metadataOf(node) })),
      { inOrder: false },
    )
    for (const file of files) if (file.changed) this.#finished(file)
  }

  async #makeNodes(nodes: readonly BatchNode[]): Promise<void> {
    const { workers } = this.#parts
    const queue = new TaskQueue(workers.tasksAtOnce)
    for (let start = 0; start < nodes.length; start += TASK_ENTRIES_MAX) {
      const some = nodes.slice(start, start + TASK_ENTRIES_MAX)
      await queue.add(async () => {
        const result = await workers.makeNodes({ kind: 'nodes', nodes: some.map(({ order }) => order) })
        const failed = new Set(result.failed.map(({ file }) => file))
        for (const { file, error } of result.failed) this.#problemAt(some[file], receivedError(error))
        this.#reportProblems(some, result.problems)
        for (const [index, { location }] of some.entries()) if (!failed.has(index)) this.#report.finished(location, 'restored', 0)
      })
    }
    await queue.drain()
  }

  #reportProblems(entries: readonly { readonly location: ByteString }[], problems: readonly FileProblem[]): void {
    for (const { file, ...problem } of problems) {
      const entry = entries[file]
      if (entry !== undefined) this.#report.metadataProblem(entry.location, problem)
    }
  }

  #problemAt(node: BatchNode | undefined, error: Error): void {
    if (node !== undefined) this.#report.problem(node.location, targetFailure('restore', node.order.path, error))
  }

  async #finishFolders(folders: readonly BatchFolder[]): Promise<void> {
    await this.#setMetadata(folders, { inOrder: true })
    for (const { location } of folders) this.#report.finished(location, 'restored', 0)
  }

  /** Folders must go in order: one that may not be entered any more comes after those in it. */
  async #setMetadata(entries: readonly BatchFolder[], options: { readonly inOrder: boolean }): Promise<void> {
    const { workers } = this.#parts
    const queue = new TaskQueue(options.inOrder ? 1 : workers.tasksAtOnce)
    for (let start = 0; start < entries.length; start += TASK_ENTRIES_MAX) {
      const some = entries.slice(start, start + TASK_ENTRIES_MAX)
      const task: MetadataTask = { kind: 'metadata', entries: some.map(({ path, metadata }) => ({ path, metadata })) }
      await queue.add(async () => {
        this.#reportProblems(some, (await workers.setMetadata(task)).problems)
      })
    }
    await queue.drain()
  }
}

function actionOf({ before }: RestoredFile): 'restored' | 'updated' {
  return before === 'file' ? 'updated' : 'restored'
}
