import type { Maintenance, MaintenanceKind, MaintenanceTask, RepositoryView } from '@holdfast/protocol'

/** What is most wrong with a repository; `unknown` where nobody may or can look. */
export type RepositoryHealth = 'damaged' | 'check-failed' | 'low-space' | 'maintenance-failed' | 'unchecked' | 'sound' | 'unknown'

/** How a repository is. Damage comes before all else, then a check that failed, then what will soon stop backups. */
export function healthOf(repository: RepositoryView, maintenance: Maintenance | undefined): RepositoryHealth {
  if (!repository.hasKey || maintenance === undefined) return 'unknown'
  const check = taskOf(maintenance, 'check')
  if (check?.damage != null) return 'damaged'
  if (check?.error != null) return 'check-failed'
  if (hasLowSpace(repository, maintenance)) return 'low-space'
  if (taskOf(maintenance, 'maintenance')?.error != null) return 'maintenance-failed'
  return check?.succeededAt == null ? 'unchecked' : 'sound'
}

/** What the server knows of one of its tasks. */
export function taskOf({ tasks }: Maintenance, kind: MaintenanceKind): MaintenanceTask | undefined {
  return tasks.find((task) => task.kind === kind)
}

/** The part of all data that this round of checks has read, from 0 to 1; null before the first check and where none is read. */
export function readShare({ reading, settings }: Maintenance): number | null {
  if (reading === null || settings.check.readAllWithinDays === null || reading.parts < 1) return null
  return Math.min(1, Math.max(0, (reading.nextPart - 1) / reading.parts))
}

/** When the next round of checks begins, if this one has read everything. */
export function nextRoundAt({ reading }: Pick<Maintenance, 'reading'>, nowMs: number): string | undefined {
  return reading !== null && Date.parse(reading.startedAt) > nowMs ? reading.startedAt : undefined
}

/** The part of the disk that is free, from 0 to 1; null where there is no disk to speak of. */
export function freeShare({ statistics }: RepositoryView): number | null {
  const { freeBytes, capacityBytes } = statistics ?? { freeBytes: null, capacityBytes: null }
  return freeBytes === null || capacityBytes === null || capacityBytes <= 0 ? null : freeBytes / capacityBytes
}

function hasLowSpace(repository: RepositoryView, { settings }: Maintenance): boolean {
  const free = freeShare(repository)
  return free !== null && free * 100 < settings.lowSpacePercent
}
