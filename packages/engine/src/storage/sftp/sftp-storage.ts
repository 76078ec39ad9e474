import { posix } from 'node:path'
import type { Attributes, FileEntryWithStats } from 'ssh2'
import { EngineError, isEngineError } from '../../errors.ts'
import { secureRandom } from '../../host/random.ts'
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
  type Storage,
  type StorageLimits,
} from '../storage.ts'
import { SFTP_STATUS, sftpFailure, sftpStatusOf } from './sftp-failure.ts'
import type { SftpLocation } from './sftp-location.ts'
import { SftpSession } from './sftp-session.ts'
import { readPieces, writePieces } from './sftp-transfer.ts'
import { connectSsh, type SftpOptions, type Ssh2 } from './ssh-connection.ts'

/** How many folders are listed at once. */
const FOLDER_BATCH = 16

/**
 * A repository in a folder of a machine that is reached by SSH, in restic's default layout. One connection carries all calls, and many
 * requests at once; when it breaks, calls under way fail with `storage.unavailable` and the next one connects again.
 */
export class SftpStorage implements Storage {
  readonly location: string
  readonly limits: StorageLimits
  readonly #ssh2: Ssh2
  readonly #place: SftpLocation
  readonly #options: SftpOptions
  #session: Promise<SftpSession>
  #fileMode = 0o600
  #folderMode = 0o700
  #closed = false

  private constructor(
    opened: { readonly ssh2: Ssh2; readonly session: SftpSession },
    place: SftpLocation,
    options: SftpOptions & { readonly connections?: number | undefined },
  ) {
    this.location = place.display
    this.limits = { connections: options.connections ?? 5, atomicReplace: opened.session.posixRename }
    this.#ssh2 = opened.ssh2
    this.#place = place
    this.#options = options
    this.#session = Promise.resolve(opened.session)
  }

  /**
   * Connects. Rejects with `storage.host-key`, `storage.denied` or `storage.unavailable`, and with `storage.contract` if the server has no
   * SFTP.
   */
  static async open(
    location: SftpLocation,
    options: SftpOptions & { readonly connections?: number | undefined } = {},
  ): Promise<SftpStorage> {
    const { default: ssh2 } = await import('ssh2')
    const session = await startSession(ssh2, location, options)
    const storage = new SftpStorage({ ssh2, session }, location, options)
    await storage.#adoptModes(session)
    return storage
  }

  async prepare(options: CallOptions = {}): Promise<void> {
    await this.#run('make the folders of a repository', options, async (session) => {
      for (const kind of FILE_KINDS) await this.#makeFolder(session, kind === 'config' ? this.#place.path : this.#join(kind))
    })
  }

  async write(file: FileRef, content: Uint8Array, options: CallOptions = {}): Promise<void> {
    const path = this.#path(file)
    await this.#run(`write ${describeFile(file)}`, options, async (session) => {
      const temporary = `${path}-tmp-${secureRandom(8).toString('hex')}`
      const handle = await this.#create(session, temporary)
      try {
        try {
          await writePieces(session, handle, { content, call: options })
          await syncIfPossible(session, handle)
        } finally {
          await session.call<void>((sftp, done) => sftp.close(handle, (error) => done(error, undefined)))
        }
        await chmodIfPossible(session, temporary, this.#fileMode & ~0o222)
        options.signal?.throwIfAborted()
        await replace(session, temporary, path)
      } catch (error) {
        await unlink(session, temporary).catch(() => undefined)
        throw await this.#reasonOf(error, session, content.length)
      }
    })
  }

  async read(file: FileRef, range: ByteRange | 'all', options: CallOptions = {}): Promise<Uint8Array> {
    const path = this.#path(file)
    const action = `read ${describeFile(file)}`
    return this.#run(action, options, async (session) => {
      const handle = await session.call<Buffer>((sftp, done) => sftp.open(path, 'r', done))
      try {
        const { size } = await session.call<Attributes>((sftp, done) => sftp.fstat(handle, done))
        if (range === 'all') demandReadableSize(file, size)
        const { offset, length } = range === 'all' ? { offset: 0, length: size } : range
        const target = offset + length > size ? undefined : Buffer.allocUnsafeSlow(length)
        if (target !== undefined && (await readPieces(session, handle, { start: offset, target, call: options }))) return target
        throw new EngineError('storage.range', `Cannot ${action} in ${this.location}: the file ends before byte ${offset + length}`)
      } finally {
        // Nobody waits for it; when it fails the connection is gone, and the handle with it.
        session.call<void>((sftp, done) => sftp.close(handle, (error) => done(error, undefined))).catch(() => undefined)
      }
    })
  }

  async stat(file: FileRef, options: CallOptions = {}): Promise<FileInfo> {
    const path = this.#path(file)
    return this.#run(`find ${describeFile(file)}`, options, async (session) => {
      const { size } = await session.call<Attributes>((sftp, done) => sftp.stat(path, done))
      return { name: file.name, sizeBytes: size }
    })
  }

  async *list(kind: FileKind, options: CallOptions = {}): AsyncIterable<FileInfo> {
    if (kind === 'config') {
      const info = await this.stat({ kind, name: '' }, options).catch(undefinedIfMissing)
      if (info !== undefined) yield info
    } else if (kind === 'data') {
      const entries = await this.#entries('data', options)
      const folders = entries.map((entry) => entry.filename).filter((name) => /^[0-9a-f]{2}$/.test(name))
      for (let start = 0; start < folders.length; start += FOLDER_BATCH) {
        const batch = folders.slice(start, start + FOLDER_BATCH)
        const lists = await Promise.all(batch.map((folder) => this.#entries(`data/${folder}`, options)))
        for (const [index, folder] of batch.entries()) yield* filesAmong(lists[index] ?? [], kind, folder)
      }
    } else {
      yield* filesAmong(await this.#entries(kind, options), kind, '')
    }
  }

  async remove(file: FileRef, options: CallOptions = {}): Promise<void> {
    const path = this.#path(file)
    await this.#run(`remove ${describeFile(file)}`, options, (session) => unlink(session, path)).catch(undefinedIfMissing)
  }

  async dismantle(options: CallOptions = {}): Promise<void> {
    const spread = (await this.#entries('data', options)).map((entry) => `data/${entry.filename}`)
    const folders = [...spread, ...FILE_KINDS.filter((kind) => kind !== 'config')].map((folder) => this.#join(folder))
    await this.#run('remove the folders', options, async (session) => {
      for (const folder of [...folders, this.#place.path]) {
        await session.call<void>((sftp, done) => sftp.rmdir(folder, (error) => done(error, undefined))).catch(() => undefined)
      }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    const session = await this.#session.catch(() => undefined)
    session?.end()
  }

  async #entries(folder: string, options: CallOptions): Promise<readonly FileEntryWithStats[]> {
    const path = this.#join(folder)
    const listed = this.#run(`list ${folder}`, options, (session) =>
      session.call<readonly FileEntryWithStats[]>((sftp, done) => sftp.readdir(path, done)),
    )
    return (await listed.catch(undefinedIfMissing)) ?? []
  }

  /** Runs `task` on a living session. An aborted signal rejects at once; what is under way then ends by itself. */
  async #run<Result>(action: string, options: CallOptions, task: (session: SftpSession) => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new EngineError('storage.closed', `Cannot use ${this.location}: it was closed`)
    options.signal?.throwIfAborted()
    try {
      return await orAborted(this.#connected().then(task), options.signal)
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason
      throw sftpFailure(error, `${action} in ${this.location}`)
    }
  }

  async #connected(): Promise<SftpSession> {
    const session = await this.#session.catch(() => undefined)
    if (session?.alive) return session
    // Several callers may notice at once; the first one connects for all.
    const current = this.#session
    const stale = await current.then(
      (found) => !found.alive,
      () => true,
    )
    if (stale && this.#session === current) this.#session = startSession(this.#ssh2, this.#place, this.#options)
    return this.#session
  }

  async #adoptModes(session: SftpSession): Promise<void> {
    const config = await session.call<Attributes>((sftp, done) => sftp.stat(this.#join('config'), done)).catch(() => undefined)
    if (config === undefined || (config.mode & 0o040) === 0) return
    this.#fileMode = 0o660
    this.#folderMode = 0o770
  }

  async #create(session: SftpSession, path: string): Promise<Buffer> {
    const create = (): Promise<Buffer> => session.call((sftp, done) => sftp.open(path, 'wx', { mode: this.#fileMode }, done))
    try {
      return await create()
    } catch (error) {
      if (sftpStatusOf(error) !== SFTP_STATUS.noSuchFile) throw error
      await this.#makeFolder(session, posix.dirname(path))
      return await create()
    }
  }

  /** Makes a folder and those above it. The protocol does not say why it fails, so what counts is whether the folder is there then. */
  async #makeFolder(session: SftpSession, folder: string): Promise<void> {
    const make = (): Promise<void> =>
      session.call((sftp, done) => sftp.mkdir(folder, { mode: this.#folderMode }, (error) => done(error, undefined)))
    try {
      await make()
    } catch (error) {
      const parent = posix.dirname(folder)
      if (sftpStatusOf(error) === SFTP_STATUS.noSuchFile && parent !== folder) {
        await this.#makeFolder(session, parent)
        await make().catch(() => undefined)
      }
      const found = await session.call<Attributes>((sftp, done) => sftp.stat(folder, done)).catch(() => undefined)
      if (found === undefined) throw error
      if ((found.mode & 0o170000) !== 0o040000) {
        throw new EngineError('storage.location', `Cannot make the folder ${folder}: a file is in its place`, { cause: error })
      }
    }
  }

  /** The protocol has no word for a full disk; a failure on one that has no room for the file is taken for that. */
  async #reasonOf(error: unknown, session: SftpSession, sizeBytes: number): Promise<unknown> {
    if (sftpStatusOf(error) !== SFTP_STATUS.failure) return error
    const free = await freeBytes(session, this.#place.path)
    if (free === undefined || free >= sizeBytes) return error
    return new EngineError('storage.full', `Cannot write to ${this.location}: no space left on the device`, { cause: error })
  }

  #path(file: FileRef): string {
    return this.#join(layoutPath(file))
  }

  #join(path: string): string {
    return posix.join(this.#place.path, path)
  }
}

async function startSession(ssh2: Ssh2, location: SftpLocation, options: SftpOptions): Promise<SftpSession> {
  const client = await connectSsh(ssh2, location, options)
  return SftpSession.start(client, { connectTimeoutMs: options.connectTimeoutMs, stallTimeoutMs: options.stallTimeoutMs })
}

/** Settles as `task` does, or rejects with the signal's reason as soon as that is aborted. */
async function orAborted<Result>(task: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return task
  const { promise, reject } = Promise.withResolvers<never>()
  const cancel = (): void => reject(signal.reason)
  signal.addEventListener('abort', cancel, { once: true })
  try {
    return await Promise.race([task, promise])
  } finally {
    signal.removeEventListener('abort', cancel)
    task.catch(() => undefined)
  }
}

function* filesAmong(entries: readonly FileEntryWithStats[], kind: FileKind, prefix: string): Iterable<FileInfo> {
  for (const { filename, attrs } of entries) {
    if (isFileName(kind, filename) && filename.startsWith(prefix) && attrs.isFile()) yield { name: filename, sizeBytes: attrs.size }
  }
}

async function replace(session: SftpSession, temporary: string, path: string): Promise<void> {
  if (session.posixRename) {
    await session.call<void>((sftp, done) => sftp.ext_openssh_rename(temporary, path, (error) => done(error, undefined)))
    return
  }
  const rename = (): Promise<void> => session.call((sftp, done) => sftp.rename(temporary, path, (error) => done(error, undefined)))
  try {
    await rename()
  } catch (error) {
    if (sftpStatusOf(error) !== SFTP_STATUS.failure) throw error
    // Plain SFTP does not rename over a file that exists.
    await unlink(session, path)
    await rename()
  }
}

async function unlink(session: SftpSession, path: string): Promise<void> {
  await session.call<void>((sftp, done) => sftp.unlink(path, (error) => done(error, undefined)))
}

async function syncIfPossible(session: SftpSession, handle: Buffer): Promise<void> {
  await ifOffered(() => session.call<void>((sftp, done) => sftp.ext_openssh_fsync(handle, (error) => done(error, undefined))))
}

async function chmodIfPossible(session: SftpSession, path: string, mode: number): Promise<void> {
  try {
    await session.call<void>((sftp, done) => sftp.chmod(path, mode, (error) => done(error, undefined)))
  } catch (error) {
    // Some servers and file systems have no modes.
    if (sftpStatusOf(error) === undefined) throw error
  }
}

async function freeBytes(session: SftpSession, path: string): Promise<number | undefined> {
  return ifOffered(async () => {
    const found = await session.call<{ readonly f_bavail: number | bigint; readonly f_frsize: number | bigint }>((sftp, done) =>
      sftp.ext_openssh_statvfs(path, done),
    )
    return Number(found.f_bavail) * Number(found.f_frsize)
  }).catch(() => undefined)
}

/** Runs a request of an extension; undefined if the server did not offer it, which the library says by an error without a status. */
async function ifOffered<Value>(request: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await request()
  } catch (error) {
    if (sftpStatusOf(error) === undefined && !isEngineError(error)) return undefined
    throw error
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if (isEngineError(error, 'storage.not-found')) return undefined
  throw error
}
