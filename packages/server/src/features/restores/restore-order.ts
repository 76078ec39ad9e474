import { byteStringOf } from '@holdfast/engine'
import { type NewRestore, RESTORED_PATHS_MAX, type RestoreOrder } from '@holdfast/protocol'
import { ServerError } from '../../errors.ts'
import { addressOf } from '../snapshots/snapshot-path.ts'
import type { RegisteredSnapshot } from '../snapshots/store.ts'

/**
 * To where everything came from means: to the folders that were backed up, and to nothing beside them.
 * @param isInPlace whether the snapshot has what was backed up under its own path
 * @throws {ServerError} `request.conflict` where more folders are meant than can be named, or nobody knows where everything came from
 */
export function orderOf(
  snapshot: Pick<RegisteredSnapshot, 'snapshot_id' | 'paths'>,
  { paths, target, overwrite, delete: removes }: Omit<NewRestore, 'clientId'>,
  isInPlace: boolean,
): RestoreOrder {
  const sources = sourcesOf(snapshot)
  const chosen = paths.map(plainly)
  const order = { snapshotId: snapshot.snapshot_id, target, overwrite, delete: removes }
  if (target === null && !isInPlace) {
    const state = 'the snapshot does not hold what was backed up under its own path; name a folder to restore to'
    throw new ServerError('request.conflict', `Cannot restore to where it came from: ${state}`)
  }
  const wanted =
    target === null ? [...new Set((chosen.length === 0 ? ['/'] : chosen).flatMap((path) => backedUpAt(path, sources)))] : chosen
  const bounds = removes ? sources.filter((source) => mattersTo(source, wanted)) : []
  if (Math.max(wanted.length, bounds.length) > RESTORED_PATHS_MAX) {
    throw new ServerError('request.conflict', `Cannot restore at once: more than ${RESTORED_PATHS_MAX} folders were backed up; choose some`)
  }
  return { ...order, paths: wanted, sources: bounds }
}

/** The addresses of what was backed up, as far as it can be in a snapshot: not those of Windows, or that were never absolute. */
export function sourcesOf({ paths }: Pick<RegisteredSnapshot, 'paths'>): readonly string[] {
  return (JSON.parse(paths) as string[]).filter((path) => path.startsWith('/')).map((path) => plainly(addressOf(byteStringOf(path))))
}

/** The path itself, or what was backed up below it: a snapshot holds of the folders above that nothing but the way. */
function backedUpAt(path: string, sources: readonly string[]): readonly string[] {
  if (sources.some((source) => isAtOrBelow(path, source))) return [path]
  const below = sources.filter((source) => isAtOrBelow(source, path))
  return below.length === 0 ? [path] : below
}

/** Whether anything that is restored may be at or below it. */
function mattersTo(source: string, wanted: readonly string[]): boolean {
  return wanted.length === 0 || wanted.some((path) => isAtOrBelow(path, source) || isAtOrBelow(source, path))
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}

/** The same path with one slash before each name. */
function plainly(address: string): string {
  const names = address.split('/').filter((name) => name !== '' && name !== '.')
  return `/${names.join('/')}`
}
