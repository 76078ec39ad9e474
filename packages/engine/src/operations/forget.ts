import { EngineError, isEngineError } from '../errors.ts'
import type { SnapshotId } from '../format/ids.ts'
import type { StoredSnapshot } from '../format/snapshot.ts'
import type { OpenRepository } from '../repository/open-repository.ts'
import { TaskQueue } from '../repository/task-queue.ts'
import { describeGroup, GROUP_BY_HOST_AND_PATHS, type GroupBy, type GroupKey, groupSnapshots } from '../snapshots/grouping.ts'
import { applyPolicy, isEmptyPolicy, type KeepReason, type RetentionOptions, type RetentionPolicy } from '../snapshots/retention-policy.ts'
import { removeSnapshot } from '../snapshots/save-snapshot.ts'
import type { CallOptions } from '../storage/storage.ts'

export interface ForgetOptions extends RetentionOptions {
  readonly policy: RetentionPolicy
  /** Each group is judged by itself; by host and paths unless told otherwise. */
  readonly groupBy?: GroupBy
  /**
   * Lets a policy without rules remove everything, restic's `--unsafe-allow-remove-all`. Snapshots must have been chosen by a filter then,
   * which the caller sees to.
   */
  readonly allowRemoveAll?: boolean
}

/** What is to become of one group, both lists newest first. */
export interface ForgetGroup {
  readonly key: GroupKey
  readonly keep: readonly StoredSnapshot[]
  readonly remove: readonly StoredSnapshot[]
  readonly reasons: readonly KeepReason<StoredSnapshot>[]
}

/** Which snapshots go. Nothing has happened yet. */
export interface ForgetPlan {
  /** Empty where snapshots were named one by one. */
  readonly groups: readonly ForgetGroup[]
  readonly remove: readonly StoredSnapshot[]
}

export interface ExecuteForgetOptions extends CallOptions {
  /** Called after each snapshot that is gone. */
  readonly onRemoved?: (id: SnapshotId) => void
}

export interface ForgetResult {
  readonly removed: readonly SnapshotId[]
  /** Snapshots that are still there, with the reason. */
  readonly failed: ReadonlyMap<SnapshotId, EngineError>
}

/**
 * Decides by a policy which of `snapshots` go. These must be readable ones: a broken snapshot takes no place of a good one, and is never
 * removed by a policy.
 *
 * @throws EngineError `input.invalid` where there is no policy, or one that would leave a group without any snapshot
 */
export function planForget(snapshots: readonly StoredSnapshot[], options: ForgetOptions): ForgetPlan {
  const { policy, groupBy = GROUP_BY_HOST_AND_PATHS, allowRemoveAll = false, ...retention } = options
  const removesAll = isEmptyPolicy(policy)
  if (removesAll && !allowRemoveAll) throw new EngineError('input.invalid', 'Cannot forget by policy: no rule says what to keep')
  const groups = groupSnapshots(snapshots, groupBy).map(({ key, snapshots: members }): ForgetGroup => {
    const decision = applyPolicy(members, policy, retention)
    if (!removesAll && decision.keep.length === 0) {
      throw new EngineError('input.invalid', `Cannot forget by policy: nothing would be left of group "${describeGroup(key)}"`)
    }
    return { key, ...decision }
  })
  return { groups, remove: groups.flatMap(({ remove }) => remove) }
}

/** The plan to remove snapshots that were named one by one. */
export function planForgetOf(snapshots: readonly StoredSnapshot[]): ForgetPlan {
  return { groups: [], remove: snapshots }
}

/**
 * Removes what a plan says; data stays until a prune. A snapshot that cannot be removed does not keep the others. The caller holds an
 * exclusive lock since before the snapshots of the plan were loaded.
 */
export async function executeForget(
  repository: OpenRepository,
  plan: ForgetPlan,
  options: ExecuteForgetOptions = {},
): Promise<ForgetResult> {
  const removed: SnapshotId[] = []
  const failed = new Map<SnapshotId, EngineError>()
  const queue = new TaskQueue(repository.storage.limits.connections)
  try {
    for (const { id } of plan.remove) {
      options.signal?.throwIfAborted()
      await queue.add(async () => {
        try {
          await removeSnapshot(repository, id, { signal: options.signal })
        } catch (error) {
          if (!isEngineError(error) || options.signal?.aborted) throw error
          failed.set(id, error)
          return
        }
        removed.push(id)
        options.onRemoved?.(id)
      })
    }
    await queue.drain()
  } finally {
    // Whoever goes on after a failure, and gives the lock back, has been told of all that is gone.
    await queue.settle()
  }
  return { removed, failed }
}
