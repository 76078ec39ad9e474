import { createHash } from 'node:crypto'
import { open, readdir, readFile, rename, rm, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError, messageOf, systemCodeOf } from '../errors.ts'
import { type Clock, systemClock } from '../host/clock.ts'
import { makeFolders } from '../host/make-folders.ts'
import { secureRandom } from '../host/random.ts'
import { type ByteRange, type FileKind, type FileRef, isFileName, layoutPath } from './storage.ts'

/** What restic's cache keeps, in folders of these names. */
const CACHED_KINDS: readonly FileKind[] = ['snapshots', 'index', 'data']

/** The version of the layout that restic writes into the file `version`, since 0.9. */
const LAYOUT_VERSION = 1

/** As https://bford.info/cachedir/ has it, so that backups leave the folder out. */
const CACHE_TAG = 'Signature: 8a477f597d28d172789f06886806bc55\n'

/** Restic's age after which a cache that nobody opened is taken for abandoned: 30 days. */
const ABANDONED_AFTER_MS = 30 * 24 * 60 * 60 * 1000

/**
 * The cache of one repository below a folder of this machine, in restic's layout, so that both programs can use one. Every file in it is
 * named by its SHA-256 and checked before it is used for the first time; one that differs is dropped. May be used by several processes.
 */
export class CacheFolder {
  readonly folder: string
  readonly #checked = new Set<string>()
  readonly #checking = new Map<string, Promise<boolean>>()

  private constructor(folder: string) {
    this.folder = folder
  }

  /**
   * Opens `<root>/<repositoryId>` and makes what is missing. Rejects with `storage.denied`, `storage.full` or `storage.failed` when it
   * cannot be made, and with `storage.failed` when it has a newer layout; a caller can do without a cache then.
   */
  static async open(options: { readonly root: string; readonly repositoryId: string; readonly clock?: Clock }): Promise<CacheFolder> {
    const folder = join(options.root, options.repositoryId)
    try {
      for (const kind of CACHED_KINDS) await makeFolders(join(folder, kind), 0o700)
      await writeFile(join(options.root, 'CACHEDIR.TAG'), CACHE_TAG, { flag: 'wx', mode: 0o644 }).catch(ignore('EEXIST'))
      await writeFile(join(folder, 'version'), String(LAYOUT_VERSION), { flag: 'wx', mode: 0o644 }).catch(ignore('EEXIST'))
      const version = Number(await readFile(join(folder, 'version'), 'utf8'))
      if (!(version <= LAYOUT_VERSION)) throw new Error('its layout is newer than this program')
      const now = new Date((options.clock ?? systemClock).now())
      await utimes(folder, now, now)
    } catch (error) {
      throw new EngineError('storage.failed', `Cannot open the cache ${folder}: ${messageOf(error)}`, { cause: error })
    }
    return new CacheFolder(folder)
  }

  /** Whether files of the kind can be kept at all. */
  holds(kind: FileKind): boolean {
    return CACHED_KINDS.includes(kind)
  }

  /** Bytes of a cached file; undefined if it is not there, was damaged (and is dropped) or ends before the range does. */
  async read(file: FileRef, range: ByteRange | 'all'): Promise<Uint8Array | undefined> {
    if (!this.holds(file.kind)) return undefined
    try {
      if (range === 'all') return await this.#readChecked(file)
      return (await this.#isSound(file)) ? await this.#readRange(file, range) : undefined
    } catch {
      // A cache that cannot be read is an empty cache.
      return undefined
    }
  }

  /** Keeps a file. Rejects with the system's error when that fails, which is no loss. */
  async write(file: FileRef, content: Uint8Array): Promise<void> {
    const path = this.#path(file)
    const folder = join(path, '..')
    await makeFolders(folder, 0o700)
    const temporary = join(folder, `tmp-${secureRandom(8).toString('hex')}`)
    try {
      // Not synced: what a power failure leaves is found out by its hash.
      await writeFile(temporary, content, { flag: 'wx', mode: 0o600 })
      await rename(temporary, path)
    } catch (error) {
      await unlink(temporary).catch(() => undefined)
      throw error
    }
  }

  /** Forgets a file. */
  async remove(file: FileRef): Promise<void> {
    if (!this.holds(file.kind)) return
    this.#checked.delete(this.#path(file))
    await unlink(this.#path(file)).catch(ignore('ENOENT'))
  }

  /** Forgets the files of a kind that are not in `names`, which must be all files of that kind that the repository has. */
  async forgetStale(kind: FileKind, names: ReadonlySet<string>): Promise<void> {
    if (!this.holds(kind)) return
    for (const folder of await readdir(join(this.folder, kind))) {
      for (const name of await readdir(join(this.folder, kind, folder)).catch(() => [])) {
        if (isFileName(kind, name) && name.startsWith(folder) && !names.has(name)) await this.remove({ kind, name })
      }
    }
  }

  async #readChecked(file: FileRef): Promise<Uint8Array | undefined> {
    const content = await readFile(this.#path(file))
    if (createHash('sha256').update(content).digest('hex') === file.name) {
      this.#checked.add(this.#path(file))
      return content
    }
    await this.remove(file)
    return undefined
  }

  /** Checks a file once for this process; callers at the same time share the check. */
  async #isSound(file: FileRef): Promise<boolean> {
    const path = this.#path(file)
    if (this.#checked.has(path)) return true
    let checking = this.#checking.get(path)
    if (checking === undefined) {
      checking = this.#readChecked(file).then((content) => content !== undefined)
      this.#checking.set(path, checking)
    }
    try {
      return await checking
    } finally {
      this.#checking.delete(path)
    }
  }

  async #readRange(file: FileRef, range: ByteRange): Promise<Uint8Array | undefined> {
    await using handle = await open(this.#path(file), 'r')
    if (range.offset + range.length > (await handle.stat()).size) return undefined
    const target = Buffer.allocUnsafeSlow(range.length)
    for (let done = 0; done < target.length; ) {
      const { bytesRead } = await handle.read(target, done, target.length - done, range.offset + done)
      if (bytesRead === 0) return undefined
      done += bytesRead
    }
    return target
  }

  #path(file: FileRef): string {
    // Names come from outside and become a path here.
    layoutPath(file)
    return join(this.folder, file.kind, file.name.slice(0, 2), file.name)
  }
}

/** A repository's cache as `restic cache` shows it. */
export interface CacheInfo {
  readonly repositoryId: string
  readonly folder: string
  readonly lastUsedMs: number
  readonly abandoned: boolean
}

/** All repositories' caches below `root`; none if it does not exist. */
export async function listCaches(root: string, clock: Clock = systemClock): Promise<readonly CacheInfo[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(ignore('ENOENT'))
  const caches: CacheInfo[] = []
  for (const entry of entries ?? []) {
    if (!entry.isDirectory() || !/^[0-9a-f]{64}$/.test(entry.name)) continue
    const folder = join(root, entry.name)
    const lastUsedMs = (await stat(folder)).mtimeMs
    caches.push({ repositoryId: entry.name, folder, lastUsedMs, abandoned: clock.now() - lastUsedMs > ABANDONED_AFTER_MS })
  }
  return caches
}

/** Removes one repository's cache. */
export async function removeCache(cache: CacheInfo): Promise<void> {
  await rm(cache.folder, { recursive: true, force: true })
}

function ignore(code: string): (error: unknown) => undefined {
  return (error) => {
    if (systemCodeOf(error) !== code) throw error
    return undefined
  }
}
