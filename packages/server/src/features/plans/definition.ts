import { byteStringOf, compilePathFilter, messageOf, parseExclusionMarker } from '@holdfast/engine'
import type { Blackout, FieldReason, PlanDefinition, Schedule } from '@holdfast/protocol'
import { ServerError } from '../../errors.ts'
import { cronProblem, isTimeZone } from '../scheduling/cron.ts'

/** What a schema cannot say of a plan. @throws {ServerError} `request.invalid` naming the first thing that does not fit. */
export function checkDefinition(definition: PlanDefinition, nowMs: number): void {
  const { selection, schedule, limits, tags } = definition
  checkSchedule(schedule, nowMs)
  checkBlackouts(limits.blackouts)
  for (const [index, path] of selection.paths.entries()) {
    if (isAbsolute(path)) continue
    refuse({ what: 'path', field: `/selection/paths/${index}`, reason: 'not-absolute' }, path, 'it is not absolute')
  }
  checkPatterns(selection.excludes, 'excludes')
  checkPatterns(selection.caseInsensitiveExcludes, 'caseInsensitiveExcludes')
  for (const [index, marker] of selection.excludeIfPresent.entries()) {
    const problem = problemOf(() => parseExclusionMarker(byteStringOf(marker)))
    const place = { what: 'marker of excluded folders', field: `/selection/excludeIfPresent/${index}` }
    if (problem !== undefined || /[/\0]/.test(marker)) refuse(place, marker, problem ?? 'it is not the name of a file')
  }
  for (const [index, tag] of tags.entries())
    if (/[,\0]/.test(tag)) refuse({ what: 'tag', field: `/tags/${index}` }, tag, 'it holds a comma')
}

/** @throws {ServerError} `request.invalid` */
export function checkName(name: string): void {
  if (/\p{Cc}/u.test(name)) refuse({ what: 'name', field: '/name' }, name, 'it holds control characters')
}

/** `at` is where the schedule stands in the request. @throws {ServerError} `request.invalid` */
export function checkSchedule({ cron, timeZone }: Pick<Schedule, 'cron' | 'timeZone'>, nowMs: number, at = '/schedule'): void {
  const zone = { what: 'time zone', field: `${at}/timeZone`, reason: 'not-a-time-zone' } as const
  if (!isTimeZone(timeZone)) refuse(zone, timeZone, 'there is none of that name')
  const found = cron === null ? undefined : cronProblem(cron, { timeZone, nowMs })
  if (cron === null || found === undefined) return
  const { problem, ...reason } = found
  refuse({ what: 'schedule', field: `${at}/cron`, ...reason }, cron, problem)
}

/** @throws {ServerError} `request.invalid` */
export function checkBlackouts(blackouts: readonly Blackout[]): void {
  for (const [index, { from, to }] of blackouts.entries()) {
    const place = { what: 'blackout', field: `/limits/blackouts/${index}/to` }
    if (from === to) refuse(place, `${from} to ${to}`, 'it ends when it begins')
  }
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

function checkPatterns(patterns: readonly string[], list: 'excludes' | 'caseInsensitiveExcludes'): void {
  for (const [index, pattern] of patterns.entries()) {
    const problem = problemOf(() => compilePathFilter([byteStringOf(pattern)]))
    const place = { what: 'pattern', field: `/selection/${list}/${index}` }
    if (problem !== undefined || pattern.includes('\0')) refuse(place, pattern, problem ?? 'it holds a NUL')
  }
}

interface RefusedField {
  readonly what: string
  readonly field: string
  readonly reason?: FieldReason
}

function refuse({ what, field, ...reason }: RefusedField, value: string, why: string): never {
  const detail = `Cannot use the ${what} ${JSON.stringify(value.slice(0, 200))}: ${why}`
  throw new ServerError('request.invalid', detail, { fields: [{ path: field, message: why, ...reason }] })
}
