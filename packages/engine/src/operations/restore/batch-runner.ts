import { closeSync } from 'node:fs'
import { EngineError, isEngineError } from '../../errors.ts'
import type { ByteString } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
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
 * batches must come in order and one at a time. While the last blobs of one are written the next one begins, so that no worker waits.
 */
export class BatchRunner {
  readonly #parts: BatchRunnerParts
  readonly #report: RestoreReport
  /** Tasks with content that a worker has or will soon have. */
  readonly #queue: TaskQueue
  #finishing: Promise<void> = Promise.resolve()

  constructor(parts: BatchRunnerParts) {
    const { limits, localFolder } = parts.indexed.repository.storage
    this.#parts = parts
    this.#report = parts.report
    this.#queue = new TaskQueue(parts.workers.tasksAtOnce + (localFolder === undefined ? limits.connections : 0))
  }

  /** Resolves when the content of the batch is on its way, with the batches before the last one all finished. */
  async run(batch: RestoreBatch): Promise<void> {
    const toCompare = batch.parts.filter(({ file }) => file.compare)
    await compareParts(this.#parts.workers, toCompare, this.#parts.signal)
    const toFinish: RestoredFile[] = []
    for (const part of batch.parts) if (this.#judge(part) === 'unchanged') toFinish.push(part.file)
    if (this.#parts.dryRun) {
      this.#pretend(batch)
      return
    }
    const writing = await this.#writeContent(batch.parts, toFinish)
    await this.#finishing
    this.#finishing = this.#finish(batch, { writing, toFinish })
    // A failure is met by whoever waits.
    this.#finishing.catch(() => undefined)
  }

  /** Resolves when all batches are finished. */
  async finish(): Promise<void> {
    await this.#finishing
  }

  async #finish(
    batch: RestoreBatch,
    content: { readonly writing: readonly Promise<void>[]; readonly toFinish: RestoredFile[] },
  ): Promise<void> {
    await Promise.all(content.writing)
    for (const { file, isLast } of batch.parts) if (isLast && file.changed && file.prepared && !file.failed) content.toFinish.push(file)
    await this.#finishFiles(content.toFinish)
    await this.#makeNodes(batch.nodes.filter(({ order }) => order.hardLinkTo === undefined))
    // They may be other names of what was made just now.
    await this.#makeNodes(batch.nodes.filter(({ order }) => order.hardLinkTo !== undefined))
    await this.#finishFolders(batch.folders)
  }

  /** Decides whether a file is changed, as far as this part of it tells; its last part decides. */
  #judge(part: FilePart): 'changed' | 'unchanged' | undefined {
    const { file, matches } = part
    if (matches !== undefined && (file.sizeBefore !== file.sizeBytes || matches.includes(0))) {
      file.changed = true
      // A new file takes the place of one that has other names: it has no content to keep.
      if (file.hasOtherNames) part.matches = undefined
    }
    file.matchedBytes += matchedBytes(part)
    if (!part.isLast) return undefined
    if (file.changed) {
      this.#report.found(file.sizeBytes)
      // Bytes that are right already count as restored, as in restic.
      if (file.matchedBytes > 0) this.#report.written(file.matchedBytes)
    } else this.#report.skipped(file.location, file.sizeBytes)
    return file.changed ? 'changed' : 'unchanged'
  }

  #pretend(batch: RestoreBatch): void {
    for (const { file, isLast } of batch.parts) {
      if (!isLast || !file.changed) continue
      this.#report.written(file.sizeBytes - file.matchedBytes)
      this.#report.finished(file.location, actionOf(file), file.sizeBytes)
    }
    for (const { location } of [...batch.nodes, ...batch.folders]) this.#report.finished(location, 'restored', 0)
  }

  /** Resolves with what is under way when all tasks have begun or wait for a worker. */
  async #writeContent(parts: readonly FilePart[], incomplete: RestoredFile[]): Promise<readonly Promise<void>[]> {
    const { workers, request, signal } = this.#parts
    const plan = planContent(parts)
    const writing: Promise<void>[] = []
    const start = (work: () => Promise<void>): Promise<void> =>
      this.#queue.add(() => {
        const promise = work()
        writing.push(promise)
        return promise
      })
    for (const planned of bareTasks(plan.bare, request.sparse === true)) {
      await start(async () => this.#settle({ planned, result: await workers.writeContent(planned.task), incomplete }))
    }
    for (const draft of plan.drafts) {
      signal?.throwIfAborted()
      for (const file of draft.files) if (plan.shared.has(file)) this.#prepare(file)
      await start(() => this.#runDraft(draft, incomplete))
    }
    return writing
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

  async #runDraft(draft: TaskDraft, incomplete: RestoredFile[]): Promise<void> {
    const { indexed, request, workers } = this.#parts
    const isLocal = indexed.repository.storage.localFolder !== undefined
    const pattern = isLocal ? LOCAL_PATTERN : REMOTE_PATTERN
    const planned = taskOf(draft, { packId: indexed.packs.idOf(draft.pack), pattern, sparse: request.sparse === true })
    if (planned.task.runs.length === 0) return
    const task = isLocal ? planned.task : { ...planned.task, contents: await this.#fetch(planned) }
    await this.#settle({ planned, result: await workers.writeContent(task), incomplete })
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

  /** `incomplete` gets the files whose content is whole and that the worker has not finished. */
  async #settle(done: {
    readonly planned: PlannedTask
    readonly result: ContentResult
    readonly incomplete: RestoredFile[]
  }): Promise<void> {
    const { planned, result } = done
    for (const { file, error } of result.failed) this.#fail(planned.files[file]?.file, receivedError(error))
    const patched = new Set<RestoredFile>()
    for (const unreadable of result.unreadable) await this.#rescue(planned, unreadable, patched)
    for (const { file, bytes } of planned.files) {
      if (file.failed) continue
      this.#report.written(bytes)
      if (file.prepared) continue
      if (patched.has(file)) done.incomplete.push(file)
      else this.#finished(file)
    }
    this.#reportProblems(
      planned.files.map(({ file }) => file),
      result.problems,
    )
  }

  /** Reads a blob again, from wherever the repository has another copy of it, and writes it to all files that want it. */
  async #rescue(planned: PlannedTask, unreadable: UnreadableBlob, patched: Set<RestoredFile>): Promise<void> {
    const { indexed, signal } = this.#parts
    const blob = planned.task.runs[unreadable.run]?.blobs[unreadable.blob]
    if (blob === undefined) return
    let content: Buffer | EngineError
    try {
      content = await indexed.readBlob('data', blob.id, { signal })
      // The places of all that follows were reckoned with what the index says.
      if (content.length !== plaintextBytes(blob)) content = wrongLength(blob.id)
    } catch (error) {
      if (!isDamage(error)) throw error
      content = error
    }
    for (let index = 0; index < blob.places.length; index += 2) {
      const file = planned.files[blob.places[index] ?? 0]?.file
      if (file === undefined || file.failed) continue
      patched.add(file)
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

  async #finishFiles(files: readonly RestoredFile[]): Promise<void> {
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

function matchedBytes({ blobs, matches }: FilePart): number {
  if (matches === undefined) return 0
  let bytes = 0
  for (const [index, { location }] of blobs.entries()) if (matches[index] === 1) bytes += plaintextBytes(location)
  return bytes
}

function wrongLength(id: BlobId): EngineError {
  return new EngineError('data.damaged', `Cannot use blob ${id.slice(0, 10)}: its length is not what the index says`, {
    context: { blob: id },
  })
}

function actionOf({ before }: RestoredFile): 'restored' | 'updated' {
  return before === 'file' ? 'updated' : 'restored'
}
