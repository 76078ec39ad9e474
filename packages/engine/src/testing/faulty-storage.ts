import { EngineError, type EngineErrorCode } from '../errors.ts'
import type { ByteRange, CallOptions, FileInfo, FileKind, FileRef, Storage, StorageLimits } from '../storage/storage.ts'

export type StorageOperation = 'prepare' | 'write' | 'read' | 'stat' | 'list' | 'remove'

/** One call, as a rule that decides about faults sees it. */
export interface StorageCall {
  /** 1 for the first call of this storage, of any kind. */
  readonly number: number
  readonly operation: StorageOperation
  readonly kind: FileKind | undefined
  readonly name: string | undefined
}

/**
 * What goes wrong in a call:
 * - `fail`: nothing is done, the call rejects;
 * - `lose-answer`: it is done, but the call rejects as if it had not been;
 * - `stall`: nothing is done and no answer comes until the signal is aborted;
 * - `tear`: a write leaves the first half of the content under the name and rejects (worse than the contract allows); else as `fail`;
 * - `flip`: a read gives the content with one bit turned; else nothing goes wrong.
 */
export type Fault = 'fail' | 'lose-answer' | 'stall' | 'tear' | 'flip'

export interface FaultyStorageOptions {
  /** Decides for each call; undefined lets it pass. */
  readonly fault: (call: StorageCall) => Fault | undefined
  /** What a call that goes wrong rejects with. Default `storage.failed`, which may be retried. */
  readonly code?: EngineErrorCode
}

/** A storage in which chosen calls go wrong. It counts calls, so that a test can let the n-th one fail, for every n of a run. */
export class FaultyStorage implements Storage {
  readonly location: string
  readonly limits: StorageLimits
  readonly #inner: Storage
  readonly #options: FaultyStorageOptions
  readonly #calls: StorageCall[] = []

  constructor(inner: Storage, options: FaultyStorageOptions) {
    this.location = inner.location
    this.limits = inner.limits
    this.#inner = inner
    this.#options = options
  }

  /** Every call so far, faults included. */
  get calls(): readonly StorageCall[] {
    return this.#calls
  }

  async prepare(call?: CallOptions): Promise<void> {
    return this.#run('prepare', call, { task: () => this.#inner.prepare(call) })
  }

  async write(file: FileRef, content: Uint8Array, call?: CallOptions): Promise<void> {
    const tear = (): Promise<void> => this.#inner.write(file, content.subarray(0, content.length >> 1), call)
    return this.#run('write', call, { file, task: () => this.#inner.write(file, content, call), tear })
  }

  async read(file: FileRef, range: ByteRange | 'all', call?: CallOptions): Promise<Uint8Array> {
    return this.#run('read', call, { file, task: () => this.#inner.read(file, range, call), change: withOneBitTurned })
  }

  async stat(file: FileRef, call?: CallOptions): Promise<FileInfo> {
    return this.#run('stat', call, { file, task: () => this.#inner.stat(file, call) })
  }

  async *list(kind: FileKind, call?: CallOptions): AsyncIterable<FileInfo> {
    // A listing that fails gives half of its names first, which is the harder case.
    const { fault } = this.#count('list', { kind })
    if (fault === 'stall') await stalled(call?.signal)
    const infos = await Array.fromAsync(this.#inner.list(kind, call))
    const failing = fault === 'fail' || fault === 'tear' || fault === 'lose-answer'
    yield* failing ? infos.slice(0, infos.length >> 1) : infos
    if (failing) throw this.#failure('list')
  }

  async remove(file: FileRef, call?: CallOptions): Promise<void> {
    return this.#run('remove', call, { file, task: () => this.#inner.remove(file, call) })
  }

  async dismantle(call?: CallOptions): Promise<void> {
    return this.#inner.dismantle(call)
  }

  async close(): Promise<void> {
    return this.#inner.close()
  }

  async #run<Result>(
    operation: StorageOperation,
    call: CallOptions | undefined,
    steps: {
      readonly file?: FileRef
      readonly task: () => Promise<Result>
      readonly tear?: () => Promise<void>
      readonly change?: (result: Result) => Result
    },
  ): Promise<Result> {
    const { fault } = this.#count(operation, steps.file)
    if (fault === 'stall') await stalled(call?.signal)
    if (fault === 'fail') throw this.#failure(operation)
    if (fault === 'tear') {
      await steps.tear?.()
      throw this.#failure(operation)
    }
    const result = await steps.task()
    if (fault === 'lose-answer') throw this.#failure(operation)
    return fault === 'flip' && steps.change !== undefined ? steps.change(result) : result
  }

  #count(operation: StorageOperation, file: { readonly kind: FileKind; readonly name?: string } | undefined): { fault: Fault | undefined } {
    const call = { number: this.#calls.length + 1, operation, kind: file?.kind, name: file?.name }
    this.#calls.push(call)
    return { fault: this.#options.fault(call) }
  }

  #failure(operation: StorageOperation): EngineError {
    return new EngineError(this.#options.code ?? 'storage.failed', `Cannot ${operation}: a fault was injected`)
  }
}

/** The rule that lets exactly the n-th call go wrong. */
export function atCall(number: number, fault: Fault): FaultyStorageOptions['fault'] {
  return (call) => (call.number === number ? fault : undefined)
}

function withOneBitTurned(content: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(content)
  const middle = changed.length >> 1
  const byte = changed[middle]
  if (byte !== undefined) changed[middle] = byte ^ 1
  return changed
}

function stalled(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const cancel = (): void => reject(signal?.reason)
    if (signal?.aborted) cancel()
    else signal?.addEventListener('abort', cancel, { once: true })
  })
}
