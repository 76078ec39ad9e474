import type { ByteString } from '../../format/byte-string.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { countInThread } from './counting-thread.ts'
import type { SelectionRules } from './selection.ts'
import { arrangeTargets, type TargetNode } from './targets.ts'

/** What a backup will go through. */
export interface BackupEstimate {
  readonly files: number
  readonly folders: number
  readonly bytes: number
}

/** What the counting thread is given. */
export interface EstimateTask {
  readonly targets: readonly { readonly path: ByteString; readonly isExplicit: boolean }[]
  readonly rules: SelectionRules
}

/**
 * Counts what a backup of `targets` will read, beside that backup, so that its progress can be told. Resolves with the whole; what
 * cannot be read is left out without a word, since the backup itself will report it.
 * @param options.onGrowth called some times a second with what has been found so far.
 */
export async function estimateBackup(
  targets: readonly ByteString[],
  options: CallOptions & { readonly rules: SelectionRules; readonly onGrowth?: (found: BackupEstimate) => void },
): Promise<BackupEstimate> {
  const { rules, signal, onGrowth } = options
  const task: EstimateTask = { targets: leavesOf(arrangeTargets(targets)), rules }
  const thread = new URL('./estimate-worker.ts', import.meta.url)
  return countInThread<EstimateTask, BackupEstimate, BackupEstimate>(thread, task, { signal, onEvent: onGrowth })
}

/** The places that a backup of these targets goes through. */
export function leavesOf(nodes: ReadonlyMap<ByteString, TargetNode>): EstimateTask['targets'] {
  return [...nodes.values()].flatMap((node) =>
    node.path === undefined ? leavesOf(node.children) : [{ path: node.path, isExplicit: node.isExplicit }],
  )
}
