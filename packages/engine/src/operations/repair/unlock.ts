import { removeLocks } from '../../repository/locks.ts'
import type { OpenRepository } from '../../repository/open-repository.ts'
import type { CallOptions } from '../../storage/storage.ts'

/** Removes the locks of processes that are gone, or with `all` every lock, also of those that are at work. Returns how many. */
export async function unlock(repository: OpenRepository, options: CallOptions & { readonly all?: boolean } = {}): Promise<number> {
  const { clock, identity } = repository
  return removeLocks(repository, { signal: options.signal, all: options.all === true, clock, identity })
}
