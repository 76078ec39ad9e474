import { createHash } from 'node:crypto'
import { EngineError, type EngineErrorCode, isEngineError, messageOf } from '../../errors.ts'
import { secureRandom } from '../../host/random.ts'
import type { CallOptions, FileKind, FileRef, Storage } from '../storage.ts'

/** A file that a check made up: random bytes under their SHA-256, as everything in a repository but `config` is named. */
export interface ProbeFile {
  readonly file: FileRef
  readonly content: Uint8Array
}

/** The storage under test and a memory of what was written to it, so that nothing stays behind. */
export class Probe {
  readonly storage: Storage
  readonly signal: AbortSignal | undefined
  readonly #written = new Map<string, FileRef>()

  constructor(storage: Storage, signal: AbortSignal | undefined) {
    this.storage = storage
    this.signal = signal
  }

  /** A file that does not exist yet. */
  make(kind: FileKind, sizeBytes: number): ProbeFile {
    const content = secureRandom(sizeBytes)
    const name = kind === 'config' ? '' : createHash('sha256').update(content).digest('hex')
    return { file: { kind, name }, content }
  }

  async write(probe: ProbeFile, options: CallOptions = {}): Promise<ProbeFile> {
    this.#written.set(`${probe.file.kind}/${probe.file.name}`, probe.file)
    await this.storage.write(probe.file, probe.content, { signal: this.signal, ...options })
    return probe
  }

  /** Makes a file and writes it. */
  async put(kind: FileKind, sizeBytes: number): Promise<ProbeFile> {
    return this.write(this.make(kind, sizeBytes))
  }

  async names(kind: FileKind): Promise<readonly string[]> {
    const names = await Array.fromAsync(this.storage.list(kind, { signal: this.signal }), (info) => info.name)
    demand(new Set(names).size === names.length, `a listing of ${kind} gave a name twice`)
    return names
  }

  /** Removes everything that was written. Not stopped by the signal: cleaning up is what a cancelled check needs most. */
  async removeAll(): Promise<void> {
    for (const [key, file] of this.#written) {
      await this.storage.remove(file).catch((error: unknown) => {
        if (!isEngineError(error, 'storage.not-found')) throw error
      })
      this.#written.delete(key)
    }
  }
}

/** Fails the check with `state` unless the promise was kept. */
export function demand(kept: boolean, state: string): asserts kept {
  if (!kept) throw new EngineError('storage.contract', `Cannot rely on the storage: ${state}`)
}

/** Demands that `task` rejects with an engine error of `code`. */
export async function demandRejection(task: Promise<unknown>, code: EngineErrorCode, what: string): Promise<void> {
  const error = await task.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  demand(error !== undefined, `${what} succeeded`)
  demand(isEngineError(error, code), `${what} gave ${isEngineError(error) ? error.code : messageOf(error)} instead of ${code}`)
}

/** Whether two byte arrays hold the same. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0
}

/** Like `Promise.all`, but waits for every task even if one fails, so that none is under way when the check cleans up. */
export async function settleAll(tasks: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(tasks)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}
