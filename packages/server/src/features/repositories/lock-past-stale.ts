import { isEngineError, type OpenRepository, unlock } from '@holdfast/engine'

type Lock = Awaited<ReturnType<OpenRepository['lock']>>
type LockOptions = NonNullable<Parameters<OpenRepository['lock']>[0]>

/**
 * Locks a repository. Where locks of others are in the way, those of processes that are gone are removed first: a server that was killed
 * keeps nobody out for longer than restic takes to call its lock stale.
 * @throws {EngineError} `repository.locked`
 */
export async function lockPastStale(repository: OpenRepository, options: LockOptions): Promise<Lock> {
  try {
    return await repository.lock({ ...options, retryForMs: 0 })
  } catch (error) {
    if (!isEngineError(error, 'repository.locked')) throw error
    await unlock(repository)
    return repository.lock(options)
  }
}
