import { hash } from 'node:crypto'
import { isEngineError } from '../../errors.ts'
import type { LockId } from '../../format/ids.ts'
import { decodeKeyFile } from '../../format/key-file.ts'
import { decodeLockFile } from '../../format/lock-file.ts'
import type { OpenRepository } from '../../repository/open-repository.ts'
import type { CallOptions, FileKind } from '../../storage/storage.ts'
import { type Finding, findingOf } from './findings.ts'

/** Reads every key and lock file. The config was read when the repository was opened. */
export async function checkSmallFiles(
  repository: OpenRepository,
  options: CallOptions & { readonly onFinding: (finding: Finding) => void },
): Promise<void> {
  const { onFinding, signal } = options
  for await (const { name } of repository.list('keys', { signal })) {
    const state = await stateOf(async () => {
      const content = await repository.storage.read({ kind: 'keys', name }, 'all', { signal })
      decodeKeyFile(content)
      return hash('sha256', content, 'hex') === name
    })
    if (state !== undefined) onFinding(aboutFile('key.damaged', { kind: 'keys', name }, state))
  }
  for await (const { name } of repository.list('locks', { signal })) {
    const state = await stateOf(async () => {
      decodeLockFile(await repository.loadUnpacked('locks', name as LockId, { signal }))
      return true
    })
    if (state !== undefined) onFinding(aboutFile('lock.damaged', { kind: 'locks', name }, state))
  }
}

/** A finding about a file that holds one document. */
export function aboutFile(kind: Finding['kind'], file: { readonly kind: FileKind; readonly name: string }, state: string): Finding {
  return findingOf(kind, `${file.kind}/${file.name.slice(0, 10)}: ${state}`, { file })
}

/** What is wrong with a file, if anything; a file that is gone since it was listed is none. */
async function stateOf(read: () => Promise<boolean>): Promise<string | undefined> {
  try {
    return (await read()) ? undefined : 'its content does not hash to its name'
  } catch (error) {
    if (isEngineError(error, 'storage.not-found')) return undefined
    if (isEngineError(error, 'data.damaged', 'data.malformed', 'repository.too-large')) return error.message
    throw error
  }
}
