import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CacheFolder,
  isEngineError,
  listCaches,
  makeFolders,
  messageOf,
  OpenRepository,
  openRepository,
  removeCache,
  type Storage,
  withCache,
  withoutWrites,
} from '@holdfast/engine'
import type { CommandContext } from '../command-line/command.ts'
import type { Printer } from '../output/printer.ts'
import { cacheRoot } from './cache-root.ts'
import { askPassword, givenPassword } from './password.ts'
import { locationOf, mainSource, type RepositorySource } from './repository-source.ts'
import { openStorageStack } from './storage-stack.ts'

/** What a command asks for when it opens a repository. */
export interface SessionOptions {
  readonly printer: Printer
  readonly lock: 'none' | 'shared' | 'exclusive'
  /** Nothing that the command writes is stored. */
  readonly dryRun?: boolean
  /** A fresh cache for this command alone, so that a check sees what the storage has. */
  readonly freshCache?: boolean
  /** The command awaits `confirmLock` itself before it writes, and reads meanwhile. */
  readonly confirmLockLater?: boolean
  /** The repository that the command is about, unless another one is named. */
  readonly source?: RepositorySource
}

/** An open repository under its lock. */
export interface Session {
  readonly repository: OpenRepository
  /** Aborted when the command is to end or the lock is lost. */
  readonly signal: AbortSignal
  /** Must be awaited before the first write of a command that asked for a lock that is confirmed later. */
  readonly confirmLock: () => Promise<void>
  /** The password that opened the repository. */
  readonly password: string
  /** Folder of the cache, for backups to leave out; undefined without one. */
  readonly cacheFolder: string | undefined
}

const PASSWORD_TRIES = 3

/** Opens a repository, locks it, runs `action` and gives everything back, whatever happens. */
export async function withRepository<T>(
  context: CommandContext,
  options: SessionOptions,
  action: (session: Session) => Promise<T>,
): Promise<T> {
  const { printer } = options
  const source = options.source ?? mainSource(context)
  const bare = await openStorageStack(await locationOf(source), context, printer)
  const storage = options.dryRun === true ? withoutWrites(bare) : bare
  try {
    const { repository, password } = await unlock(storage, { context, printer, source })
    const compression =
      repository.config.version >= 2
        ? `, compression level ${context.globals.compression ?? context.environment.get('compression') ?? 'auto'}`
        : ''
    printer.note(`repository ${repository.config.id.slice(0, 8)} opened (version ${repository.config.version}${compression})`)
    await using cache = await openCache(repository, { context, ...options })
    const cached =
      cache.folder === undefined
        ? repository
        : withStorage(repository, withCache(storage, cache.folder, { onProblem: (error) => printer.warn(describeCacheProblem(error)) }))
    return await underLock(cached, { context, options }, (held) =>
      action({ repository: cached, ...held, password, cacheFolder: cache.folder?.folder }),
    )
  } finally {
    await storage.close()
  }
}

/** The same repository over another storage. */
function withStorage(repository: OpenRepository, storage: Storage): OpenRepository {
  return new OpenRepository({ ...repository, storage })
}

async function unlock(
  storage: Storage,
  parts: { readonly context: CommandContext; readonly printer: Printer; readonly source: RepositorySource },
): Promise<{ readonly repository: OpenRepository; readonly password: string }> {
  const { context, printer, source } = parts
  const { signal } = context
  const given = await givenPassword(source, context)
  const keyHint = source.keyHint
  const open = (password: string): Promise<OpenRepository> =>
    openRepository(storage, { password, signal, ...(keyHint === undefined ? {} : { keyHint }) })
  if (given !== undefined) return { repository: await open(given), password: given }
  // Nobody should type a password for a repository that does not exist.
  await demandRepository(storage, signal)
  const question = `enter password for ${source.role === '' ? '' : `${source.role} `}repository: `
  for (let triesLeft = context.terminal.inputIsTerminal ? PASSWORD_TRIES : 1; ; triesLeft--) {
    const password = await askPassword(question, context)
    try {
      return { repository: await open(password), password }
    } catch (error) {
      if (!isEngineError(error, 'repository.password') || triesLeft <= 1) throw error
      printer.warn(`${messageOf(error)}. Try again`)
    }
  }
}

async function demandRepository(storage: Storage, signal: AbortSignal): Promise<void> {
  try {
    await storage.stat({ kind: 'config', name: '' }, { signal })
  } catch (error) {
    // The attempt to open it says best what is the matter.
    if (isEngineError(error, 'storage.not-found')) await openRepository(storage, { password: '', signal })
    throw error
  }
}

async function underLock<T>(
  repository: OpenRepository,
  parts: { readonly context: CommandContext; readonly options: SessionOptions },
  action: (held: Pick<Session, 'signal' | 'confirmLock'>) => Promise<T>,
): Promise<T> {
  const { context, options } = parts
  const { printer } = options
  if (options.lock === 'none') return action({ signal: context.signal, confirmLock: () => Promise.resolve() })
  const retryForMs = context.globals.retryLock ?? 0
  await using lock = await repository.lock({
    exclusive: options.lock === 'exclusive',
    confirmLater: options.confirmLockLater === true && retryForMs === 0,
    retryForMs,
    signal: context.signal,
    onWait: () => printer.info(`repo already locked, waiting up to ${Math.round(retryForMs / 1000)} s for the lock`),
    onWarning: (message) => printer.warn(message),
  })
  return await action({ signal: AbortSignal.any([context.signal, lock.signal]), confirmLock: () => lock.confirmed() })
}

interface OpenCache extends AsyncDisposable {
  readonly folder: CacheFolder | undefined
}

async function openCache(repository: OpenRepository, parts: SessionOptions & { readonly context: CommandContext }): Promise<OpenCache> {
  const { context, printer } = parts
  // What is in a folder of this machine is as near as a cache.
  const isUseless = context.globals.noCache || repository.storage.localFolder !== undefined
  const root = isUseless ? undefined : cacheRoot(context)
  if (root === undefined) return { folder: undefined, [Symbol.asyncDispose]: async () => undefined }
  try {
    const ownRoot = parts.freshCache === true ? await temporaryRoot(root) : root
    const folder = await CacheFolder.open({ root: ownRoot, repositoryId: repository.config.id })
    if (ownRoot === root) await tidyCaches(root, { context, printer })
    else printer.info(`using temporary cache in ${ownRoot}`)
    const dispose = async (): Promise<void> => (ownRoot === root ? undefined : rm(ownRoot, { recursive: true, force: true }))
    return { folder, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    printer.warn(describeCacheProblem(error))
    return { folder: undefined, [Symbol.asyncDispose]: async () => undefined }
  }
}

async function temporaryRoot(root: string): Promise<string> {
  await makeFolders(root, 0o700)
  return mkdtemp(join(root, 'restic-check-cache-'))
}

async function tidyCaches(root: string, parts: { readonly context: CommandContext; readonly printer: Printer }): Promise<void> {
  const abandoned = (await listCaches(root)).filter((cache) => cache.abandoned)
  if (abandoned.length === 0) return
  if (!parts.context.globals.cleanupCache) {
    parts.printer.note(`found ${abandoned.length} old cache directories in ${root}, run \`holdfast cache --cleanup\` to remove them`)
    return
  }
  parts.printer.note(`removing ${abandoned.length} old cache dirs from ${root}`)
  for (const cache of abandoned) await removeCache(cache)
}

/** What went wrong with a cache, which is no reason to fail. */
function describeCacheProblem(error: unknown): string {
  return `unable to use the cache: ${messageOf(error)}`
}
