import { byteStringOf, compilePathFilter, messageOf, parseExclusionMarker } from '@holdfast/engine'
import type { Blackout, PlanDefinition, Schedule } from '@holdfast/protocol'
import { ServerError } from '../../errors.ts'
import { cronProblem, isTimeZone } from '../scheduling/cron.ts'

/** What a schema cannot say of a plan. @throws {ServerError} `request.invalid` naming the first thing that does not fit. */
export function checkDefinition(definition: PlanDefinition, nowMs: number): void {
  const { selection, schedule, limits, tags } = definition
  checkSchedule(schedule, nowMs)
  checkBlackouts(limits.blackouts)
  for (const path of selection.paths) if (!isAbsolute(path)) refuse('path', path, 'it is not absolute')
  for (const pattern of [...selection.excludes, ...selection.caseInsensitiveExcludes]) {
    const problem = problemOf(() => compilePathFilter([byteStringOf(pattern)]))
    if (problem !== undefined || pattern.includes('\0')) refuse('pattern', pattern, problem ?? 'it holds a NUL')
  }
  for (const marker of selection.excludeIfPresent) {
    const problem = problemOf(() => parseExclusionMarker(byteStringOf(marker)))
    if (problem !== undefined || /[/\0]/.test(marker))
      refuse('marker of excluded folders', marker, problem ?? 'it is not the name of a file')
  }
  for (const tag of tags) if (/[,\0]/.test(tag)) refuse('tag', tag, 'it holds a comma')
}

/** @throws {ServerError} `request.invalid` */
export function checkName(name: string): void {
  if (/\p{Cc}/u.test(name)) refuse('name', name, 'it holds control characters')
}

/** @throws {ServerError} `request.invalid` */
export function checkSchedule({ cron, timeZone }: Schedule, nowMs: number): void {
  if (!isTimeZone(timeZone)) refuse('time zone', timeZone, 'there is none of that name')
  const problem = cron === null ? undefined : cronProblem(cron, { timeZone, nowMs })
  if (cron !== null && problem !== undefined) refuse('schedule', cron, problem)
}

/** @throws {ServerError} `request.invalid` */
export function checkBlackouts(blackouts: readonly Blackout[]): void {
  for (const { from, to } of blackouts) if (from === to) refuse('blackout', `${from} to ${to}`, 'it ends when it begins')
}

/** An absolute path of POSIX or Windows systems without steps upwards. */
function isAbsolute(path: string): boolean {
  return /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(path) && !path.includes('\0') && !path.split(/[\\/]/).includes('..')
}

function problemOf(action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

function refuse(what: string, value: string, why: string): never {
  throw new ServerError('request.invalid', `Cannot use the ${what} ${JSON.stringify(value.slice(0, 200))}: ${why}`)
}
