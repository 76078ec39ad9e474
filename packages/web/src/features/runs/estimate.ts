import type { RunProgress } from '@holdfast/protocol'

/** The rate that is shown is that of so many last milliseconds. */
const RATE_WINDOW_MS = 10_000
/** Time left is worked out from a longer stretch, so that it does not jump. */
const TIME_LEFT_WINDOW_MS = 60_000
/** From less than this nothing can be said: progress comes in leaps. */
const SPAN_MS_MIN = 3000
const SAMPLES_MAX = 300

/** How far a run was at a moment. */
export interface ProgressSample {
  readonly atMs: number
  readonly phase: string
  readonly doneBytes: number
  readonly doneFiles: number
}

/** What can be said of a run that goes on; null where nobody can say. */
export interface Estimate {
  readonly bytesPerSecond: number | null
  readonly filesPerSecond: number | null
  readonly timeLeftMs: number | null
}

/** Adds what a run says of itself. A new phase, work that begins anew and a clock that was set back start over. */
export function addSample(samples: readonly ProgressSample[], progress: RunProgress, atMs: number): readonly ProgressSample[] {
  const { phase, doneBytes, doneFiles } = progress
  const last = samples.at(-1)
  const sample = { atMs, phase, doneBytes, doneFiles }
  if (last === undefined || last.phase !== phase || doneBytes < last.doneBytes || doneFiles < last.doneFiles || atMs < last.atMs) {
    return [sample]
  }
  if (doneBytes === last.doneBytes && doneFiles === last.doneFiles) return samples
  return [...samples.filter((one) => atMs - one.atMs <= TIME_LEFT_WINDOW_MS).slice(1 - SAMPLES_MAX), sample]
}

/** The rate over the last seconds, and how long what is left takes at the rate of the last minute. */
export function estimate(samples: readonly ProgressSample[], progress: RunProgress, nowMs: number): Estimate {
  const recent = pace(samples, { nowMs, windowMs: RATE_WINDOW_MS })
  const steady = pace(samples, { nowMs, windowMs: TIME_LEFT_WINDOW_MS })
  return {
    bytesPerSecond: recent?.bytesPerSecond ?? null,
    filesPerSecond: recent?.filesPerSecond ?? null,
    timeLeftMs: steady === null ? null : timeLeft(progress, steady),
  }
}

/** The part that is done, from 0 to 1: of the bytes if their total is known, else of the files; null if neither is. */
export function doneFraction({ doneBytes, totalBytes, doneFiles, totalFiles }: RunProgress): number | null {
  if (totalBytes !== null && totalBytes > 0) return Math.min(1, doneBytes / totalBytes)
  if (totalFiles !== null && totalFiles > 0) return Math.min(1, doneFiles / totalFiles)
  return null
}

/** Whether a backup has read everything, and what it read is still on its way to the repository. */
export function isReadWhole(progress: RunProgress | null): boolean {
  return progress !== null && progress.phase === 'backup' && doneFraction(progress) === 1
}

interface Pace {
  readonly bytesPerSecond: number
  readonly filesPerSecond: number
}

function pace(samples: readonly ProgressSample[], { nowMs, windowMs }: { readonly nowMs: number; readonly windowMs: number }): Pace | null {
  const last = samples.at(-1)
  if (last === undefined) return null
  // Silence counts: a run that stands still has no rate.
  const endMs = Math.max(nowMs, last.atMs)
  const first = samples.findLast((one) => endMs - one.atMs >= windowMs) ?? samples[0]
  if (first === undefined || endMs - first.atMs < SPAN_MS_MIN) return null
  const seconds = (endMs - first.atMs) / 1000
  return {
    bytesPerSecond: (last.doneBytes - first.doneBytes) / seconds,
    filesPerSecond: (last.doneFiles - first.doneFiles) / seconds,
  }
}

function timeLeft({ doneBytes, totalBytes, doneFiles, totalFiles }: RunProgress, steady: Pace): number | null {
  if (totalBytes !== null && totalBytes > 0) return remainder(totalBytes - doneBytes, steady.bytesPerSecond)
  if (totalFiles !== null && totalFiles > 0) return remainder(totalFiles - doneFiles, steady.filesPerSecond)
  return null
}

function remainder(left: number, perSecond: number): number | null {
  // What comes after the last byte is read, the last packs above all, is not counted.
  return left > 0 && perSecond > 0 ? (left / perSecond) * 1000 : null
}
