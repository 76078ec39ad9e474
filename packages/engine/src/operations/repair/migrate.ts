import { EngineError, messageOf } from '../../errors.ts'
import { type OpenRepository, replaceConfig } from '../../repository/open-repository.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { type CheckOptions, checkRepository } from '../check/check.ts'

/** A change of a repository to a newer form. */
export interface Migration {
  readonly name: string
  readonly description: string
  /** Why it cannot be applied; undefined where it can. */
  obstacle(repository: OpenRepository): string | undefined
  /**
   * Applies it, under an exclusive lock, and gives the repository as it is then. A repository with errors is refused.
   *
   * @throws EngineError `repository.version` where there is an obstacle, `data.damaged` where a check finds errors, `storage.*`
   */
  apply(repository: OpenRepository, options: MigrateOptions): Promise<OpenRepository>
}

export interface MigrateOptions extends CallOptions {
  /** Keeps what is about to be replaced where it can be found again; it is durable when this resolves. */
  readonly keepCopy: (content: Uint8Array) => Promise<void>
  /** For the check that comes first. */
  readonly check?: Pick<CheckOptions, 'onFinding' | 'onProgress'>
}

/** Every migration that there is, by restic's names. */
export function allMigrations(): readonly Migration[] {
  return [
    {
      name: 'upgrade_repo_v2',
      description: 'upgrade a repository to version 2',
      obstacle: versionObstacle,
      apply: upgradeToVersion2,
    },
  ]
}

function versionObstacle({ config }: OpenRepository): string | undefined {
  return config.version === 1 ? undefined : `the repository has version ${config.version} already`
}

async function upgradeToVersion2(repository: OpenRepository, options: MigrateOptions): Promise<OpenRepository> {
  const { signal, keepCopy, check } = options
  const obstacle = versionObstacle(repository)
  if (obstacle !== undefined) throw new EngineError('repository.version', `Cannot upgrade ${repository.location}: ${obstacle}`)
  const { errorCount } = await checkRepository(repository, { ...check, signal })
  if (errorCount > 0) {
    throw new EngineError(
      'data.damaged',
      `Cannot upgrade ${repository.location}: a check finds ${errorCount} errors, which are to be repaired first`,
    )
  }
  const file = { kind: 'config', name: '' } as const
  const former = await repository.storage.read(file, 'all', { signal })
  await keepCopy(former)
  try {
    return await replaceConfig(repository, { ...repository.config, version: 2 }, { signal })
  } catch (error) {
    // Not with the signal: it may be what ended the attempt.
    await repository.storage.write(file, former).catch((cause: unknown) => throwUnrestored(repository, cause))
    throw error
  }
}

function throwUnrestored(repository: OpenRepository, cause: unknown): never {
  const state = `neither the new config file could be stored nor the former one again; use the copy that was kept (${messageOf(cause)})`
  throw new EngineError('storage.failed', `Cannot upgrade ${repository.location}: ${state}`, { cause })
}
