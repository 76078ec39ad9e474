import { EngineError } from '../errors.ts'

/** The folders of a repository, by the names that restic's layout and REST protocol give them. `config` is a single file. */
export type FileKind = 'config' | 'keys' | 'locks' | 'snapshots' | 'index' | 'data'

/** All kinds, in the order in which a repository is created. */
export const FILE_KINDS: readonly FileKind[] = ['config', 'keys', 'locks', 'snapshots', 'index', 'data']

/** Names one file: 64 hexadecimal digits, or the empty string for `config`. */
export interface FileRef {
  readonly kind: FileKind
  readonly name: string
}

export interface FileInfo {
  readonly name: string
  readonly sizeBytes: number
}

/** Bytes `[offset, offset + length)` of a file. */
export interface ByteRange {
  readonly offset: number
  readonly length: number
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** The caller will want this whole file again (packs of trees): a cache may fetch and keep all of it. */
  readonly keep?: boolean
  /** Awaited before each piece of at most {@link PIECE_BYTES} goes out or after it came in, so that a bandwidth limit is smooth. */
  readonly pace?: Pace | undefined
}

/** Holds a transfer back: resolves when `sizeBytes` more may go in that direction, rejects when the call is cancelled. */
export type Pace = (direction: 'upload' | 'download', sizeBytes: number) => Promise<void>

/** The largest piece that may be sent or taken between two calls of {@link Pace}. */
export const PIECE_BYTES = 256 * 1024

/** The largest file that `read` gives as a whole: four times the largest pack, so that a hostile server cannot fill the memory. */
export const LARGEST_FILE_BYTES = 512 * 1024 * 1024

/** Rejects a file whose size says that it is none of a repository's. */
export function demandReadableSize(file: FileRef, sizeBytes: number): void {
  if (sizeBytes <= LARGEST_FILE_BYTES) return
  throw new EngineError('repository.too-large', `Cannot read ${describeFile(file)}: a file of ${sizeBytes} bytes is none of a repository`)
}

/** Looks whether the call was cancelled, then waits until the caller's bandwidth limit, if any, lets `sizeBytes` more go. */
export async function paceTransfer(direction: 'upload' | 'download', sizeBytes: number, options: CallOptions): Promise<void> {
  options.signal?.throwIfAborted()
  return options.pace?.(direction, sizeBytes)
}

export interface StorageLimits {
  /** How many calls may usefully be under way at once. */
  readonly connections: number
  /** Whether `write` of a name that exists swaps old for new in one step. If not, readers may find no such file for a moment. */
  readonly atomicReplace: boolean
}

/**
 * Keeps whole, immutable files for one repository. This is all that the engine asks of the world:
 *
 * - **Atomic**: a file is visible under its name only when it is whole and durable; a failed or interrupted `write` leaves either nothing
 *   or the whole file under the name, never a part.
 * - **Idempotent**: `write` of a name that exists replaces it by the same rule (names are hashes of contents, so the bytes are the same);
 *   `remove` of a file that is gone succeeds. Every call may be repeated after any failure, also when only its answer was lost.
 * - **Read after write**: once `write` resolves, `read`, `stat` and `list` of every process see the file.
 * - **Ranges**: `read` gives exactly the bytes asked for or rejects with `storage.range`; it never gives fewer. A whole file larger than
 *   {@link LARGEST_FILE_BYTES} is refused with `repository.too-large`.
 * - **Concurrency**: calls may overlap freely. **Cancellation**: an aborted signal rejects with its reason as soon as it can.
 * - **Errors**: every other rejection is an `EngineError` with a `storage.*` code; `error.retry` says whether repeating can help. A name
 *   that no file can have is `input.invalid`.
 * - **Content**: `write` reads `content` until it settles and keeps no reference. It may be a view over a `SharedArrayBuffer`.
 */
export interface Storage {
  /** The location without secrets, for messages: `s3:https://host/bucket/prefix`. */
  readonly location: string
  readonly limits: StorageLimits
  /**
   * A folder of this machine below which files can be read as `keys/<name>`, `data/<ab>/<name>` …, or undefined. Workers use it to read
   * without going through this object, so a decorator that changes what `read` does must not pass it on.
   */
  readonly localFolder?: string | undefined
  /** Makes whatever must exist before the first `write` (folders, bucket). Succeeds if it exists. */
  prepare(options?: CallOptions): Promise<void>
  write(file: FileRef, content: Uint8Array, options?: CallOptions): Promise<void>
  read(file: FileRef, range: ByteRange | 'all', options?: CallOptions): Promise<Uint8Array>
  stat(file: FileRef, options?: CallOptions): Promise<FileInfo>
  /**
   * Gives every file of the kind once, in any order; files written or removed meanwhile may or may not appear. Foreign names are skipped.
   */
  list(kind: FileKind, options?: CallOptions): AsyncIterable<FileInfo>
  remove(file: FileRef, options?: CallOptions): Promise<void>
  /** Undoes `prepare` as far as nothing is left below: removes empty folders. For storages that were made for a test. */
  dismantle(options?: CallOptions): Promise<void>
  /** Ends connections. Calls after it reject. */
  close(): Promise<void>
}

/** `data/ab…` style name of a file for messages. */
export function describeFile(file: FileRef): string {
  return file.kind === 'config' ? 'config' : `${file.kind}/${file.name.slice(0, 10)}`
}

/**
 * Path of a file below the root of a repository in restic's default layout: packs are spread over 256 folders by their first byte.
 * A name that no file can have is refused with `input.invalid`, so that a hostile name cannot lead out of the repository.
 */
export function layoutPath(file: FileRef): string {
  if (!isFileName(file.kind, file.name)) {
    throw new EngineError('input.invalid', `Cannot use the file name ${JSON.stringify(file.name)}: it is not one of ${file.kind}`)
  }
  if (file.kind === 'config') return 'config'
  return file.kind === 'data' ? `data/${file.name.slice(0, 2)}/${file.name}` : `${file.kind}/${file.name}`
}

/** Whether `name` can be the name of a file of `kind`: names come from outside when a storage is listed. */
export function isFileName(kind: FileKind, name: string): boolean {
  return kind === 'config' ? name === '' : /^[0-9a-f]{64}$/.test(name)
}
