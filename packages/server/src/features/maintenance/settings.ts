import { type MaintenanceSettings, maintenanceSettingsSchema } from '@holdfast/protocol'
import { ServerError } from '../../errors.ts'
import { checkSchedule } from '../plans/definition.ts'
import { type Cadence, readCron } from '../scheduling/cron.ts'

const DAY_MS = 86_400_000
/** How many gaps between checks are looked at. */
const GAPS = 20

/** The settings of a repository as they are stored; what is missing is as by default. */
export function readSettings(json: string): MaintenanceSettings {
  return maintenanceSettingsSchema.parse(JSON.parse(json))
}

/** When a schedule comes due; undefined for one that never does. */
export function cadenceOf({ cron, timeZone }: MaintenanceSettings['check']['schedule']): Cadence | undefined {
  const read = cron === null ? undefined : readCron(cron, timeZone)
  return read?.problem === undefined ? read?.cadence : undefined
}

/** What a schema cannot say. @throws {ServerError} `request.invalid` naming the first thing that does not fit. */
export function checkSettings({ prune, check }: MaintenanceSettings, nowMs: number): void {
  checkSchedule(prune.schedule, nowMs, '/prune/schedule')
  checkSchedule(check.schedule, nowMs, '/check/schedule')
  const { readAllWithinDays, schedule } = check
  const cadence = cadenceOf(schedule)
  if (readAllWithinDays === null || cadence === undefined) return
  let at = cadence.next(nowMs)
  for (let gap = 0; gap < GAPS && at !== undefined; gap++) {
    const following = cadence.next(at)
    if (following !== undefined && following - at > readAllWithinDays * DAY_MS) {
      throw new ServerError(
        'request.invalid',
        `Cannot use the schedule of checks: all data is to be read within ${readAllWithinDays} days, and checks come less often`,
      )
    }
    at = following
  }
}
