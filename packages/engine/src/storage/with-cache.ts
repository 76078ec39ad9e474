import { createHash } from 'node:crypto'
import { EngineError, isEngineError } from '../errors.ts'
import type { CacheFolder } from './cache-folder.ts'
import { type ByteRange, type CallOptions, describeFile, type FileInfo, type FileKind, type FileRef, type Storage } from './storage.ts'

export interface CacheOptions {
  /** Told when the cache cannot be written, such as on a full disk. The call itself goes on. */
  readonly onProblem?: (error: unknown) => void
}

/**
 * Answers reads of snapshots, index files and packs that are read with `keep` from a cache, and fills it on the way, also when such files
 * are written. A range of one of them fetches all of it. What a complete listing no longer names is forgotten.
 */
export function withCache(storage: Storage, cache: CacheFolder, options: CacheOptions = {}): Storage {
  const onProblem = options.onProblem ?? ((): void => {})
  const reader = new CachedReader(storage, cache, { onProblem })
  return {
    location: storage.location,
    limits: storage.limits,
    localFolder: storage.localFolder,
    prepare: (call) => storage.prepare(call),
    write: async (file, content, call) => {
      await storage.write(file, content, call)
      if (isCached(file.kind, call)) await reader.keep(file, content)
    },
    read: (file, range, call) => reader.read(file, range, call ?? {}),
    stat: async (file, call) => {
      try {
        return await storage.stat(file, call)
      } catch (error) {
        if (isEngineError(error, 'storage.not-found')) await cache.remove(file).catch(onProblem)
        throw error
      }
    },
    list: (kind, call) => listAndForget(storage, kind, { cache, call, onProblem }),
    remove: async (file, call) => {
      await storage.remove(file, call)
      await cache.remove(file).catch(onProblem)
    },
    dismantle: (call) => storage.dismantle(call),
    close: () => storage.close(),
  }
}

function isCached(kind: FileKind, call: CallOptions | undefined): boolean {
  return kind === 'index' || kind === 'snapshots' || (kind === 'data' && call?.keep === true)
}

async function* listAndForget(
  storage: Storage,
  kind: FileKind,
  context: Required<CacheOptions> & { readonly cache: CacheFolder; readonly call: CallOptions | undefined },
): AsyncIterable<FileInfo> {
  if (!context.cache.holds(kind)) {
    yield* storage.list(kind, context.call)
    return
  }
  const names = new Set<string>()
  for await (const info of storage.list(kind, context.call)) {
    names.add(info.name)
    yield info
  }
  await context.cache.forgetStale(kind, names).catch(context.onProblem)
}

class CachedReader {
  readonly #storage: Storage
  readonly #cache: CacheFolder
  readonly #options: CacheOptions
  /** Whole files on their way, so that many readers of one pack fetch it once. */
  readonly #fetching = new Map<string, Promise<Uint8Array>>()

  constructor(storage: Storage, cache: CacheFolder, options: CacheOptions) {
    this.#storage = storage
    this.#cache = cache
    this.#options = options
  }

  async read(file: FileRef, range: ByteRange | 'all', call: CallOptions): Promise<Uint8Array> {
    call.signal?.throwIfAborted()
    const cached = await this.#cache.read(file, range)
    if (cached !== undefined) return cached
    if (!isCached(file.kind, call)) return this.#storage.read(file, range, call)
    const whole = await this.#fetch(file, call)
    if (range === 'all') return whole
    if (range.offset + range.length > whole.length) {
      throw new EngineError('storage.range', `Cannot read ${describeFile(file)}: it ends before byte ${range.offset + range.length}`)
    }
    return copyOf(whole.subarray(range.offset, range.offset + range.length))
  }

  async keep(file: FileRef, content: Uint8Array): Promise<void> {
    try {
      await this.#cache.write(file, content)
    } catch (error) {
      this.#options.onProblem?.(error)
    }
  }

  async #fetch(file: FileRef, call: CallOptions): Promise<Uint8Array> {
    const key = `${file.kind}/${file.name}`
    for (let other = this.#fetching.get(key); other !== undefined; other = this.#fetching.get(key)) {
      // A copy, because each caller owns what it gets and may decrypt it in place. The other caller may be cancelled, and this one not.
      const shared = await other.then(copyOf, () => undefined)
      if (shared !== undefined) return shared
      call.signal?.throwIfAborted()
    }
    const fetched = this.#storage.read(file, 'all', call)
    this.#fetching.set(key, fetched)
    try {
      const content = await fetched
      // A damaged file is handed over for its reader to judge, but not kept.
      if (createHash('sha256').update(content).digest('hex') === file.name) await this.keep(file, content)
      return content
    } finally {
      if (this.#fetching.get(key) === fetched) this.#fetching.delete(key)
    }
  }
}

/** A copy, also of a Buffer, whose own `slice` makes none. */
function copyOf(content: Uint8Array): Uint8Array {
  return new Uint8Array(content)
}
