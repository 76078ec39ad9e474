import type { Maintenance, MaintenanceTask, RepositoryView } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { freeShare, healthOf, nextRoundAt, readShare } from './repository-health.ts'

const DAY = '2026-03-10T12:00:00.000Z'
const SETTINGS: Maintenance['settings'] = {
  prune: { schedule: { cron: '0 4 * * 0', timeZone: 'UTC' }, maxUnusedPercent: 5 },
  check: { schedule: { cron: '0 5 * * *', timeZone: 'UTC' }, readAllWithinDays: 30 },
  lowSpacePercent: 10,
}

function repositoryOf(freeBytes: number | null, hasKey = true): RepositoryView {
  const counts = { countedAt: DAY, snapshotCount: 1, storedBytes: 1, contentBytes: 1, restoreBytes: 1, blobCount: 1, packCount: 1 }
  const statistics = { ...counts, deduplicationRatio: 1, compressionRatio: 1, freeBytes, capacityBytes: freeBytes === null ? null : 100 }
  return { id: 1, name: 'default', kind: 'local', location: '/srv', isDefault: true, hasKey, statistics, createdAt: DAY }
}

function taskOf(kind: MaintenanceTask['kind'], changes: Partial<MaintenanceTask> = {}): MaintenanceTask {
  return { kind, dueAt: null, isRequested: false, startedAt: DAY, succeededAt: DAY, error: null, runId: 1, damage: null, ...changes }
}

function maintenanceOf(...tasks: MaintenanceTask[]): Maintenance {
  return { settings: SETTINGS, tasks, reading: { nextPart: 4, parts: 30, startedAt: DAY }, counting: { isDue: false, error: null } }
}

test('damage comes before a failed check, that before little space, that before a failed prune, that before a missing check', () => {
  const failed = { error: 'it failed' }
  const damaged = taskOf('check', { ...failed, damage: { runId: 1, message: 'a pack is damaged' } })
  expect(healthOf(repositoryOf(5), maintenanceOf(damaged, taskOf('maintenance', failed)))).toBe('damaged')
  const all = maintenanceOf(taskOf('check', failed), taskOf('maintenance', failed))
  expect(healthOf(repositoryOf(5), all)).toBe('check-failed')
  const pruneFailed = maintenanceOf(taskOf('check', { succeededAt: null }), taskOf('maintenance', failed))
  expect(healthOf(repositoryOf(5), pruneFailed)).toBe('low-space')
  expect(healthOf(repositoryOf(50), pruneFailed)).toBe('maintenance-failed')
  expect(healthOf(repositoryOf(50), maintenanceOf(taskOf('check', { succeededAt: null }), taskOf('maintenance')))).toBe('unchecked')
  expect(healthOf(repositoryOf(10), maintenanceOf(taskOf('check'), taskOf('maintenance')))).toBe('sound')
})

test('nothing is said where the server has no key or one may not look', () => {
  expect(healthOf(repositoryOf(1, false), maintenanceOf())).toBe('unknown')
  expect(healthOf(repositoryOf(1), undefined)).toBe('unknown')
})

test('the share that was read counts parts that are done', () => {
  expect(readShare(maintenanceOf())).toBe(0.1)
  expect(readShare({ ...maintenanceOf(), reading: null })).toBeNull()
  expect(readShare({ ...maintenanceOf(), settings: { ...SETTINGS, check: { ...SETTINGS.check, readAllWithinDays: null } } })).toBeNull()
})

test('a round that is still to come says that the one before has read everything', () => {
  expect(nextRoundAt(maintenanceOf(), Date.parse(DAY) - 1)).toBe(DAY)
  expect(nextRoundAt(maintenanceOf(), Date.parse(DAY))).toBeUndefined()
  expect(nextRoundAt({ reading: null }, 0)).toBeUndefined()
})

test('free space is that of a disk', () => {
  expect(freeShare(repositoryOf(25))).toBe(0.25)
  expect(freeShare(repositoryOf(null))).toBeNull()
  expect(freeShare({ ...repositoryOf(1), statistics: null })).toBeNull()
})
