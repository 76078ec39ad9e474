import { EngineError } from '../errors.ts'
import {
  type ByteRange,
  type CallOptions,
  describeFile,
  type FileInfo,
  type FileKind,
  type FileRef,
  layoutPath,
  PIECE_BYTES,
  paceTransfer,
  type Storage,
  type StorageLimits,
} from '../storage/storage.ts'

/** A storage that keeps its files in memory and the whole contract: for tests, and as the model that other storages are held against. */
export class MemoryStorage implements Storage {
  readonly location: string
  readonly limits: StorageLimits
  readonly #files = new Map<string, { readonly file: FileRef; readonly content: Uint8Array }>()
  #closed = false

  constructor(options: { readonly name?: string; readonly connections?: number } = {}) {
    this.location = `memory:${options.name ?? 'test'}`
    this.limits = { connections: options.connections ?? 5, atomicReplace: true }
  }

  /** Every file with its content, by path in restic's layout: a test may look, and damage what it finds with {@link replaceFile}. */
  get files(): ReadonlyMap<string, { readonly file: FileRef; readonly content: Uint8Array }> {
    return this.#files
  }

  /** Puts `content` under the name without any of the contract's checks; undefined removes it. Works on a closed storage too. */
  replaceFile(file: FileRef, content: Uint8Array | undefined): void {
    if (content === undefined) this.#files.delete(layoutPath(file))
    else this.#files.set(layoutPath(file), { file, content: Uint8Array.from(content) })
  }

  async prepare(options: CallOptions = {}): Promise<void> {
    await this.#begin(options)
  }

  async write(file: FileRef, content: Uint8Array, options: CallOptions = {}): Promise<void> {
    await this.#begin(options)
    layoutPath(file)
    const copy = Uint8Array.from(content)
    await pacePieces('upload', copy.length, options)
    this.replaceFile(file, copy)
  }

  async read(file: FileRef, range: ByteRange | 'all', options: CallOptions = {}): Promise<Uint8Array> {
    await this.#begin(options)
    const content = this.#find(file, 'read')
    const { offset, length } = range === 'all' ? { offset: 0, length: content.length } : range
    if (offset + length > content.length) {
      throw new EngineError('storage.range', `Cannot read ${describeFile(file)}: the file ends before byte ${offset + length}`)
    }
    await pacePieces('download', length, options)
    return content.slice(offset, offset + length)
  }

  async stat(file: FileRef, options: CallOptions = {}): Promise<FileInfo> {
    await this.#begin(options)
    return { name: file.name, sizeBytes: this.#find(file, 'find').length }
  }

  async *list(kind: FileKind, options: CallOptions = {}): AsyncIterable<FileInfo> {
    await this.#begin(options)
    const found = [...this.#files.values()].filter(({ file }) => file.kind === kind)
    for (const { file, content } of found) {
      options.signal?.throwIfAborted()
      yield { name: file.name, sizeBytes: content.length }
    }
  }

  async remove(file: FileRef, options: CallOptions = {}): Promise<void> {
    await this.#begin(options)
    this.replaceFile(file, undefined)
  }

  async dismantle(options: CallOptions = {}): Promise<void> {
    await this.#begin(options)
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #find(file: FileRef, verb: string): Uint8Array {
    const found = this.#files.get(layoutPath(file))
    if (found === undefined) throw new EngineError('storage.not-found', `Cannot ${verb} ${describeFile(file)}: no such file`)
    return found.content
  }

  async #begin(options: CallOptions): Promise<void> {
    if (this.#closed) throw new EngineError('storage.closed', `Cannot use ${this.location}: it was closed`)
    // A turn of the event loop, so that calls overlap here as they do elsewhere.
    await new Promise(setImmediate)
    options.signal?.throwIfAborted()
  }
}

async function pacePieces(direction: 'upload' | 'download', sizeBytes: number, options: CallOptions): Promise<void> {
  for (let done = 0; done < sizeBytes; done += PIECE_BYTES) {
    await paceTransfer(direction, Math.min(PIECE_BYTES, sizeBytes - done), options)
  }
}
