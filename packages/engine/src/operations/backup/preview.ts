import type { ByteString } from '../../format/byte-string.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { countInThread } from './counting-thread.ts'
import type { EstimateTask } from './estimate.ts'
import { leavesOf } from './estimate.ts'
import type { SelectionRules } from './selection.ts'
import { arrangeTargets } from './targets.ts'

/** How much there is of something. */
export interface PreviewSum {
  readonly files: number
  readonly folders: number
  readonly bytes: number
}

/** A folder, or a file that is left out, with all that is in it. */
export interface WeighedPath {
  readonly path: ByteString
  readonly files: number
  readonly bytes: number
}

/** What a selection would take and what its rules leave out. */
export interface SelectionWeight {
  readonly included: PreviewSum
  /** With a folder that is left out, all that is in it. */
  readonly excluded: PreviewSum
  /** Largest first. A folder that is large by one folder in it alone is not named: that one is. */
  readonly biggestFolders: readonly WeighedPath[]
  readonly biggestExcluded: readonly WeighedPath[]
  readonly unreadable: number
  /** A limit was reached: there is more. */
  readonly isPartial: boolean
}

export interface PreviewLimits {
  readonly durationMs: number
  /** Entries that are looked at. */
  readonly entries: number
  /** Folders that are named. */
  readonly folders: number
}

/** What the counting thread is given. */
export interface PreviewTask extends EstimateTask {
  readonly limits: PreviewLimits
}

/**
 * Counts what a backup of `targets` would take and what the rules leave out, within limits of time and number: when one is reached, the
 * answer is what has been counted so far. Nothing is read but folders. What cannot be read is counted as such.
 */
export async function weighSelection(
  targets: readonly ByteString[],
  options: CallOptions & { readonly rules: SelectionRules; readonly limits: PreviewLimits },
): Promise<SelectionWeight> {
  const { rules, limits, signal } = options
  const task: PreviewTask = { targets: leavesOf(arrangeTargets(targets)), rules, limits }
  return countInThread<PreviewTask, SelectionWeight>(new URL('./preview-worker.ts', import.meta.url), task, { signal })
}
