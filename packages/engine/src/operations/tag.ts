import { EngineError, isEngineError } from '../errors.ts'
import type { SnapshotId } from '../format/ids.ts'
import type { StoredSnapshot } from '../format/snapshot.ts'
import type { OpenRepository } from '../repository/open-repository.ts'
import { removeSnapshot, saveSnapshot } from '../snapshots/save-snapshot.ts'
import type { CallOptions } from '../storage/storage.ts'

/** What happens to tags: either all are replaced, or some are added and some removed after that. Empty tags count for nothing. */
export type TagChange = { readonly set: readonly string[] } | { readonly add?: readonly string[]; readonly remove?: readonly string[] }

export interface ChangeTagsOptions extends CallOptions {
  readonly change: TagChange
  /** Called for each snapshot that was replaced. */
  readonly onChanged?: (former: SnapshotId, current: SnapshotId) => void
}

export interface ChangeTagsResult {
  /** Ids after the change, by the ids before. */
  readonly changed: ReadonlyMap<SnapshotId, SnapshotId>
  /** Snapshots that could not be replaced, with the reason. */
  readonly failed: ReadonlyMap<SnapshotId, EngineError>
}

/**
 * Changes the tags of snapshots. Each is stored anew, remembering the first of its line as `original`, before the former is removed; one
 * whose tags stay as they are is left alone unless they are set. The caller holds an exclusive lock.
 *
 * @throws EngineError `input.invalid` where there is nothing to change
 */
export async function changeTags(
  repository: OpenRepository,
  snapshots: readonly StoredSnapshot[],
  options: ChangeTagsOptions,
): Promise<ChangeTagsResult> {
  const { change, signal } = options
  if (!('set' in change) && !change.add?.some(isTag) && !change.remove?.some(isTag)) {
    throw new EngineError('input.invalid', 'Cannot change tags: none to add or remove')
  }
  const changed = new Map<SnapshotId, SnapshotId>()
  const failed = new Map<SnapshotId, EngineError>()
  for (const snapshot of snapshots) {
    signal?.throwIfAborted()
    const tags = changedTags(snapshot.tags ?? [], change)
    if (tags === undefined) continue
    try {
      const current = await replaceSnapshot(repository, { ...snapshot, tags, original: snapshot.original ?? snapshot.id }, { signal })
      changed.set(snapshot.id, current)
      options.onChanged?.(snapshot.id, current)
    } catch (error) {
      if (!isEngineError(error) || signal?.aborted) throw error
      failed.set(snapshot.id, error)
    }
  }
  return { changed, failed }
}

/**
 * The tags after a change, or undefined where it changes nothing. A tag that is removed leaves its place to the last one, as in restic.
 */
export function changedTags(tags: readonly string[], change: TagChange): string[] | undefined {
  if ('set' in change) return change.set.filter(isTag)
  const result = [...tags]
  for (const tag of change.add ?? []) if (isTag(tag) && !result.includes(tag)) result.push(tag)
  let isChanged = result.length > tags.length
  for (const tag of change.remove ?? []) {
    const position = result.indexOf(tag)
    const last = result.at(-1)
    if (position < 0 || last === undefined) continue
    result[position] = last
    result.pop()
    isChanged = true
  }
  return isChanged ? result : undefined
}

/** Stores `snapshot`, whose id is that of the former one, and removes the former one afterwards: a crash between leaves both. */
async function replaceSnapshot(repository: OpenRepository, snapshot: StoredSnapshot, options: CallOptions): Promise<SnapshotId> {
  const { id: former, ...fields } = snapshot
  const current = await saveSnapshot(repository, fields, options)
  await removeSnapshot(repository, former, options)
  return current
}

function isTag(tag: string): boolean {
  return tag !== ''
}
