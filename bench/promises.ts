/** What the engine promises, in the order of the report. `least` and `most` bound the figure. */
export const PROMISES = {
  firstBackup: { figure: 'first backup, restic / ours', least: 2.0 },
  largeFile: { figure: 'first backup of one large file, restic / ours', least: 2.0 },
  unchanged: { figure: 'unchanged backup of many files, restic / ours', least: 1.5 },
  restore: { figure: 'full restore, restic / ours', least: 1.5 },
  checkData: { figure: '`check --read-data`, restic / ours', least: 1.2 },
  storedBytes: { figure: 'stored bytes, ours / restic', most: 1.02 },
  peakMemory: { figure: 'peak memory of the first backup, MB', most: 400 },
  blobIndex: { figure: 'memory of the blob index, bytes a blob', most: 64 },
  doublingTime: { figure: 'time per GB, twice and four times the data / once', most: 1.1 },
  doublingMemory: { figure: 'peak memory, twice and four times the data / once', most: 1.1 },
  shareOfLimit: { figure: 'share of the limit, first backup', least: 0.6 },
} as const satisfies Readonly<Record<string, Promised>>

interface Promised {
  readonly figure: string
  readonly least?: number
  readonly most?: number
}

export type PromiseName = keyof typeof PROMISES

/** What became of a promise. */
export interface Outcome {
  readonly promise: PromiseName
  /** The figures that must all be within the bounds. */
  readonly values: readonly number[]
  /** What a reader should know beside them. */
  readonly remark?: string
}

/** Whether all values are within the promise's bounds. Rounding does not help. */
export function isKept({ promise, values }: Outcome): boolean {
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }: Promised = PROMISES[promise]
  return values.length > 0 && values.every((value) => value >= least && value <= most)
}

/** The bounds in words. */
export function describeBounds(promise: PromiseName): string {
  const { least, most }: Promised = PROMISES[promise]
  return [least === undefined ? '' : `at least ${least}`, most === undefined ? '' : `at most ${most}`]
    .filter((text) => text !== '')
    .join(', ')
}
