import type { MaintenanceSettings } from '@holdfast/protocol'

const READ_ALL_DAYS = 30

/** What a number field holds: nothing, or a lone sign, while somebody types into it. */
type NumberText = string | number

/** How a repository is maintained, as the form has it. */
export interface MaintenanceDraft {
  readonly pruneSchedule: MaintenanceSettings['prune']['schedule']
  readonly maxUnusedPercent: NumberText
  readonly checkSchedule: MaintenanceSettings['check']['schedule']
  readonly isDataRead: boolean
  readonly readAllWithinDays: NumberText
  readonly lowSpacePercent: NumberText
}

/** The form as it is before anything is typed. */
export function draftOf({ prune, check, lowSpacePercent }: MaintenanceSettings): MaintenanceDraft {
  return {
    pruneSchedule: prune.schedule,
    maxUnusedPercent: prune.maxUnusedPercent,
    checkSchedule: check.schedule,
    isDataRead: check.readAllWithinDays !== null,
    readAllWithinDays: check.readAllWithinDays ?? READ_ALL_DAYS,
    lowSpacePercent,
  }
}

/** What the server is told of a form; fields that hold no number are named by their paths. */
export function settingsOf(draft: MaintenanceDraft): MaintenanceSettings | { readonly missing: readonly string[] } {
  const maxUnusedPercent = numberOf(draft.maxUnusedPercent)
  const readAllWithinDays = draft.isDataRead ? numberOf(draft.readAllWithinDays) : null
  const lowSpacePercent = numberOf(draft.lowSpacePercent)
  if (maxUnusedPercent !== undefined && readAllWithinDays !== undefined && lowSpacePercent !== undefined) {
    return {
      prune: { schedule: draft.pruneSchedule, maxUnusedPercent },
      check: { schedule: draft.checkSchedule, readAllWithinDays },
      lowSpacePercent,
    }
  }
  const fields = { 'prune.maxUnusedPercent': maxUnusedPercent, 'check.readAllWithinDays': readAllWithinDays, lowSpacePercent }
  return {
    missing: Object.entries(fields)
      .filter(([, value]) => value === undefined)
      .map(([path]) => path),
  }
}

function numberOf(text: NumberText): number | undefined {
  const value = text === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) ? value : undefined
}
