import { type FileHandle, open, readdir, rmdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError, systemCodeOf } from '../../errors.ts'
import { makeFolders } from '../../host/make-folders.ts'
import {
  type ByteRange,
  type CallOptions,
  demandReadableSize,
  describeFile,
  FILE_KINDS,
  type FileInfo,
  type FileKind,
  type FileRef,
  isFileName,
  layoutPath,
  PIECE_BYTES,
  paceTransfer,
  type Storage,
  type StorageLimits,
} from '../storage.ts'
import { localFailure } from './local-errors.ts'
import { type FileModes, modesLike, writeAtomically } from './write-atomically.ts'

export interface LocalStorageOptions {
  /** Root of the repository. A relative path means the process's working folder. */
  readonly folder: string
  /** How many calls may usefully be under way at once. Default 2, as restic's. */
  readonly connections?: number | undefined
}

/** How many files of a folder are asked for their size at once. */
const STAT_BATCH = 64

/**
 * A repository in a folder, in restic's default layout. New files get mode 0400 and new folders 0700, or 0440 and 0770 where the group
 * may read the repository's `config`, as restic does; the umask applies to folders.
 */
export class LocalStorage implements Storage {
  readonly location: string
  readonly limits: StorageLimits
  readonly localFolder: string
  readonly #modes: FileModes
  #closed = false

  private constructor(options: LocalStorageOptions, modes: FileModes) {
    this.location = `local:${options.folder}`
    this.limits = { connections: options.connections ?? 2, atomicReplace: true }
    this.localFolder = options.folder
    this.#modes = modes
  }

  /** Looks at an existing `config` for the modes of new files; nothing needs to exist and nothing is made. */
  static async open(options: LocalStorageOptions): Promise<LocalStorage> {
    const config = await stat(join(options.folder, 'config')).catch(() => undefined)
    return new LocalStorage(options, modesLike(config?.mode))
  }

  async prepare(options: CallOptions = {}): Promise<void> {
    this.#begin(options)
    try {
      for (const kind of FILE_KINDS) {
        await makeFolders(kind === 'config' ? this.localFolder : join(this.localFolder, kind), this.#modes.folder)
      }
    } catch (error) {
      const action = `make the folders of a repository in ${this.localFolder}`
      if (systemCodeOf(error) !== 'ENOENT') throw localFailure(error, action)
      throw new EngineError('storage.location', `Cannot ${action}: the system lets nobody make a folder there`, { cause: error })
    }
  }

  async write(file: FileRef, content: Uint8Array, options: CallOptions = {}): Promise<void> {
    this.#begin(options)
    const path = this.#path(file)
    try {
      await writeAtomically(path, content, { modes: this.#modes, call: options })
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason
      // A folder that is missing was made on demand, so ENOENT is no statement about the file.
      const failure = localFailure(error, this.#action('write', file))
      throw failure.code === 'storage.not-found' ? new EngineError('storage.failed', failure.message, { cause: error }) : failure
    }
  }

  async read(file: FileRef, range: ByteRange | 'all', options: CallOptions = {}): Promise<Uint8Array> {
    this.#begin(options)
    const path = this.#path(file)
    try {
      await using handle = await open(path, 'r')
      const { size } = await handle.stat()
      if (range === 'all') demandReadableSize(file, size)
      const { offset, length } = range === 'all' ? { offset: 0, length: size } : range
      if (offset + length > size) throw this.#tooShort(file, { offset, length })
      const target = Buffer.allocUnsafeSlow(length)
      if ((await readExactly(handle, target, { offset, call: options })) < length) throw this.#tooShort(file, { offset, length })
      return target
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason
      throw localFailure(error, this.#action('read', file))
    }
  }

  async stat(file: FileRef, options: CallOptions = {}): Promise<FileInfo> {
    this.#begin(options)
    try {
      const found = await stat(this.#path(file))
      return { name: file.name, sizeBytes: found.size }
    } catch (error) {
      throw localFailure(error, this.#action('find', file))
    }
  }

  async *list(kind: FileKind, options: CallOptions = {}): AsyncIterable<FileInfo> {
    this.#begin(options)
    try {
      if (kind === 'config') {
        yield* statAll(this.localFolder, [{ entry: 'config', name: '' }])
      } else if (kind === 'data') {
        for (const folder of await namesIn(join(this.localFolder, 'data'))) {
          options.signal?.throwIfAborted()
          if (/^[0-9a-f]{2}$/.test(folder)) yield* this.#listFolder(kind, { folder: join('data', folder), prefix: folder, options })
        }
      } else {
        yield* this.#listFolder(kind, { folder: kind, prefix: '', options })
      }
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason
      throw localFailure(error, `list ${kind} in ${this.localFolder}`)
    }
  }

  async remove(file: FileRef, options: CallOptions = {}): Promise<void> {
    this.#begin(options)
    try {
      await unlink(this.#path(file))
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw localFailure(error, this.#action('remove', file))
    }
  }

  async dismantle(options: CallOptions = {}): Promise<void> {
    this.#begin(options)
    const spread = (await namesIn(join(this.localFolder, 'data')).catch(() => [])).map((name) => join('data', name))
    const kinds = FILE_KINDS.filter((kind) => kind !== 'config')
    for (const folder of [...spread, ...kinds, '.']) await rmdir(join(this.localFolder, folder)).catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  async *#listFolder(
    kind: FileKind,
    where: { readonly folder: string; readonly prefix: string; readonly options: CallOptions },
  ): AsyncIterable<FileInfo> {
    const folder = join(this.localFolder, where.folder)
    const names = (await namesIn(folder)).filter((name) => isFileName(kind, name) && name.startsWith(where.prefix))
    for (let start = 0; start < names.length; start += STAT_BATCH) {
      where.options.signal?.throwIfAborted()
      const batch = names.slice(start, start + STAT_BATCH)
      yield* statAll(
        folder,
        batch.map((name) => ({ entry: name, name })),
      )
    }
  }

  #begin(options: CallOptions): void {
    if (this.#closed) throw new EngineError('storage.closed', `Cannot use ${this.location}: it was closed`)
    options.signal?.throwIfAborted()
  }

  #path(file: FileRef): string {
    return join(this.localFolder, layoutPath(file))
  }

  #action(verb: string, file: FileRef): string {
    return `${verb} ${describeFile(file)} in ${this.localFolder}`
  }

  #tooShort(file: FileRef, range: ByteRange): EngineError {
    const state = `the file ends before byte ${range.offset + range.length}`
    return new EngineError('storage.range', `Cannot ${this.#action('read', file)}: ${state}`)
  }
}

/** Fills `target` from `offset` on and gives the number of bytes that the file had. */
async function readExactly(
  handle: FileHandle,
  target: Uint8Array,
  where: { readonly offset: number; readonly call: CallOptions },
): Promise<number> {
  let done = 0
  while (done < target.length) {
    const length = where.call.pace === undefined ? target.length - done : Math.min(PIECE_BYTES, target.length - done)
    const { bytesRead } = await handle.read(target, done, length, where.offset + done)
    if (bytesRead === 0) break
    done += bytesRead
    await paceTransfer('download', bytesRead, where.call)
  }
  return done
}

/** Names in a folder; none if it does not exist. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Sizes of those entries that are files; one that vanished meanwhile is left out. */
async function* statAll(folder: string, entries: readonly { readonly entry: string; readonly name: string }[]): AsyncIterable<FileInfo> {
  const found = await Promise.all(
    entries.map(({ entry }) =>
      stat(join(folder, entry)).catch((error: unknown) => {
        if (systemCodeOf(error) === 'ENOENT') return undefined
        throw error
      }),
    ),
  )
  for (const [index, { name }] of entries.entries()) {
    const stats = found[index]
    if (stats?.isFile()) yield { name, sizeBytes: stats.size }
  }
}
