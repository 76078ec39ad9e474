import type { RunProgress } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { addSample, doneFraction, estimate, isReadWhole, type ProgressSample } from './estimate.ts'

const MB = 1_000_000

function progressOf(changes: Partial<RunProgress>): RunProgress {
  const none = { doneFiles: 0, totalFiles: null, doneBytes: 0, totalBytes: null, currentItem: null, errorCount: 0 }
  return { phase: 'backup', ...none, ...changes }
}

/** Reports of so many bytes a second, one each second. */
function samplesOf(bytesOfSeconds: readonly number[], startMs = 0): readonly ProgressSample[] {
  let samples: readonly ProgressSample[] = []
  bytesOfSeconds.forEach((doneBytes, second) => {
    samples = addSample(samples, progressOf({ doneBytes, doneFiles: second }), startMs + second * 1000)
  })
  return samples
}

test('the rate is that of the last ten seconds, and the time left that of the last minute', () => {
  const slow = Array.from({ length: 31 }, (_, second) => second * MB)
  const fast = Array.from({ length: 10 }, (_, second) => 30 * MB + (second + 1) * 4 * MB)
  const samples = samplesOf([...slow, ...fast])
  const progress = progressOf({ doneBytes: 70 * MB, totalBytes: 105 * MB })
  const { bytesPerSecond, timeLeftMs } = estimate(samples, progress, 40_000)
  expect(bytesPerSecond).toBe(4 * MB)
  expect(timeLeftMs).toBe(20_000)
})

test('nothing is said from less than three seconds, and of nothing', () => {
  const nothing = { bytesPerSecond: null, filesPerSecond: null, timeLeftMs: null }
  const progress = progressOf({ totalBytes: MB })
  expect(estimate([], progress, 5000)).toEqual(nothing)
  expect(estimate(addSample([], progress, 5000), progress, 7999)).toEqual(nothing)
})

test('a run that stands still slows down to nothing, and nobody knows when it ends', () => {
  const samples = samplesOf([0, MB, 2 * MB])
  const progress = progressOf({ doneBytes: 2 * MB, totalBytes: 4 * MB })
  expect(estimate(samples, progress, 4000).bytesPerSecond).toBe(MB / 2)
  expect(estimate(samples, progress, 100_000)).toEqual({ bytesPerSecond: 0, filesPerSecond: 0, timeLeftMs: null })
})

test('a new phase, less work than before and a clock that was set back begin anew', () => {
  const samples = samplesOf([0, MB, 2 * MB], 10_000)
  for (const [progress, atMs] of [
    [progressOf({ phase: 'commands after', doneBytes: 3 * MB, doneFiles: 3 }), 13_000],
    [progressOf({ doneBytes: MB, doneFiles: 3 }), 13_000],
    [progressOf({ doneBytes: 3 * MB, doneFiles: 3 }), 9000],
  ] as const) {
    expect(addSample(samples, progress, atMs)).toHaveLength(1)
  }
  expect(addSample(samples, progressOf({ doneBytes: 3 * MB, doneFiles: 3 }), 13_000)).toHaveLength(4)
})

test('samples are bounded in time and in number', () => {
  let samples: readonly ProgressSample[] = []
  for (let step = 0; step < 2000; step += 1) samples = addSample(samples, progressOf({ doneBytes: step }), step * 10)
  expect(samples.length).toBeLessThanOrEqual(300)
  samples = addSample(samples, progressOf({ doneBytes: 9999 }), 10_000_000)
  expect(samples).toHaveLength(1)
})

test('without bytes, files count: of the fraction and of the time left', () => {
  const samples = samplesOf([0, 0, 0, 0, 0])
  const progress = progressOf({ doneFiles: 4, totalFiles: 10, totalBytes: 0 })
  expect(doneFraction(progress)).toBe(0.4)
  expect(estimate(samples, progress, 4000).timeLeftMs).toBe(6000)
})

test('more than the total is the total, and without totals there is no fraction', () => {
  expect(doneFraction(progressOf({ doneBytes: 3, totalBytes: 2 }))).toBe(1)
  expect(doneFraction(progressOf({ doneBytes: 3 }))).toBeNull()
  const samples = samplesOf([0, 3])
  expect(estimate(samples, progressOf({ doneBytes: 3, totalBytes: 2 }), 3000).timeLeftMs).toBeNull()
  expect(estimate(samples, progressOf({ doneBytes: 3 }), 1000).timeLeftMs).toBeNull()
})

test('a backup that has read everything is not done yet, and nobody knows for how long', () => {
  const progress = progressOf({ doneBytes: 4 * MB, totalBytes: 4 * MB })
  expect(estimate(samplesOf([0, 2 * MB, 4 * MB]), progress, 5000).timeLeftMs).toBeNull()
  expect(isReadWhole(progress)).toBe(true)
  expect(isReadWhole(progressOf({ doneBytes: 3 * MB, totalBytes: 4 * MB }))).toBe(false)
  expect(isReadWhole(progressOf({ doneBytes: 4 * MB }))).toBe(false)
  expect(isReadWhole({ ...progress, phase: 'packs' })).toBe(false)
  expect(isReadWhole(null)).toBe(false)
})
