import { closeSync } from 'node:fs'
import { EngineError } from '../../errors.ts'
import { postedError } from '../../repository/worker-pool.ts'
import { type MetadataWriter, targetFailure } from './node-metadata.ts'
import type { ContentTask, FileFailure, FileOrder, FileProblem } from './restore-tasks.ts'
import { openTarget, reopenTarget, writeFully, writeSparsely } from './target-file.ts'

/** How many files a worker holds open at once. */
const OPEN_FILES_MAX = 32

/** The files of one task: opened when they are first written, closed and finished after their last blob. */
export class TaskFiles {
  readonly #files: readonly FileOrder[]
  readonly #metadata: MetadataWriter
  readonly #removeExtraneous: boolean
  /** Blobs still to come, by file. */
  readonly #expected: Uint32Array
  readonly #opened: Uint8Array
  /** Open descriptors; the longest unused comes first. */
  readonly #open = new Map<number, number>()
  readonly #failures = new Map<number, FileFailure>()
  readonly #problems: FileProblem[] = []

  constructor(task: ContentTask, options: { readonly metadata: MetadataWriter; readonly removeExtraneous: boolean }) {
    this.#files = task.files
    this.#metadata = options.metadata
    this.#removeExtraneous = options.removeExtraneous
    this.#expected = new Uint32Array(task.files.length)
    this.#opened = new Uint8Array(task.files.length)
    for (const { blobs } of task.runs) for (const { places } of blobs) this.#expect(places)
  }

  get failures(): readonly FileFailure[] {
    return [...this.#failures.values()]
  }

  get problems(): readonly FileProblem[] {
    return this.#problems
  }

  /** Writes a blob at an offset of a file. A failure is kept and ends the work on that file. */
  write(file: number, offset: number, bytes: Uint8Array): void {
    this.#attempt(file, (order) => {
      const descriptor = this.#descriptorOf(file, order)
      if (order.sparse) writeSparsely(descriptor, bytes, offset)
      else writeFully(descriptor, bytes, offset)
    })
    const left = (this.#expected[file] ?? 0) - 1
    this.#expected[file] = left
    if (left === 0) this.#finish(file)
  }

  /** Makes the files that get no blobs, and closes those that lack some. */
  finishAll(): void {
    for (let file = 0; file < this.#files.length; file++) if (this.#expected[file] === 0 && this.#opened[file] === 0) this.#finish(file)
    for (const file of [...this.#open.keys()]) this.#close(file)
  }

  #expect(places: readonly number[]): void {
    for (let index = 0; index < places.length; index += 2) {
      const file = places[index] ?? 0
      this.#expected[file] = (this.#expected[file] ?? 0) + 1
    }
  }

  #finish(file: number): void {
    this.#attempt(file, (order) => {
      if (this.#opened[file] === 0) this.#descriptorOf(file, order)
      this.#close(file)
      if (order.metadata === undefined) return
      for (const problem of this.#metadata.apply(order.path, order.metadata)) this.#problems.push({ ...problem, file })
    })
    this.#close(file)
  }

  #attempt(file: number, action: (order: FileOrder) => void): void {
    const order = this.#files[file]
    if (order === undefined) throw new EngineError('input.invalid', 'Cannot write a file that the task does not list')
    if (this.#failures.has(file)) return
    try {
      action(order)
    } catch (error) {
      this.#failures.set(file, { file, error: postedError(targetFailure('write', order.path, error)) })
    }
  }

  #descriptorOf(file: number, order: FileOrder): number {
    const known = this.#open.get(file)
    if (known !== undefined) {
      this.#open.delete(file)
      this.#open.set(file, known)
      return known
    }
    for (const oldest of this.#open.keys()) {
      if (this.#open.size < OPEN_FILES_MAX) break
      this.#close(oldest)
    }
    const { path, sizeBytes, sparse, start } = order
    const isFirst = this.#opened[file] === 0 && start !== 'prepared'
    const options = { sizeBytes, sparse, isNew: start === 'new', removeExtraneous: this.#removeExtraneous }
    const descriptor = isFirst ? openTarget(path, options) : reopenTarget(path)
    this.#opened[file] = 1
    this.#open.set(file, descriptor)
    return descriptor
  }

  #close(file: number): void {
    const descriptor = this.#open.get(file)
    if (descriptor === undefined) return
    this.#open.delete(file)
    closeSync(descriptor)
  }
}
