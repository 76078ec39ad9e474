import { z } from 'zod'
import { idSchema, timeSchema } from './fields.ts'
import { runErrorSchema, subjectFields } from './runs.ts'

/**
 * What needs somebody: the last run of a plan failed, or could not read everything; a plan or client has had no good backup for too long,
 * or a client none at all; an agent never came in, or has been silent for days; a repository cannot be reached, was never checked, is
 * damaged, could not be checked the last time, was not wholly read for longer than its settings say, could not be pruned, has little space
 * left or will be full soon.
 */
const attentionKindSchema = z.enum([
  'plan-failed',
  'plan-incomplete',
  'plan-overdue',
  'client-overdue',
  'client-never-backed-up',
  'agent-never-came',
  'agent-silent',
  'repository-unreachable',
  'repository-check-failed',
  'repository-check-unfinished',
  'repository-never-checked',
  'repository-not-read',
  'repository-maintenance-failed',
  'repository-low-space',
  'repository-filling',
])
export type AttentionKind = z.output<typeof attentionKindSchema>

const attentionSeveritySchema = z.enum(['critical', 'warning', 'notice'])
export type AttentionSeverity = z.output<typeof attentionSeveritySchema>

/** Something that needs somebody, with what it is about and since when. */
const attentionItemSchema = z.object({
  kind: attentionKindSchema,
  severity: attentionSeveritySchema,
  since: timeSchema,
  ...subjectFields,
  runId: idSchema.nullable(),
  /** Why it failed. */
  error: runErrorSchema.nullable(),
  /**
   * Of a plan whose last run could not read everything: how much. Of a repository that fills: the days left. Of one with little space: the
   * percentage free. Of one not wholly read: the days set.
   */
  figure: z.number().nullable(),
})
export type AttentionItem = z.output<typeof attentionItemSchema>

/** `GET /api/v1/overview`: what counts, of everything that the user may see. */
export const overviewSchema = z.object({
  /** The most severe first, then the longest known. The list has a bound; `total` has none. */
  attention: z.object({ items: z.array(attentionItemSchema), total: z.int() }),
  clients: z.object({
    total: z.int(),
    /** Neither disabled, nor overdue, nor failing, nor without a good backup. */
    protected: z.int(),
    failed: z.int(),
    overdue: z.int(),
    never: z.int(),
    /** How many of `never` have just been added: nothing asks anybody for their first backup yet. */
    new: z.int(),
    disabled: z.int(),
  }),
  plans: z.object({ total: z.int(), enabled: z.int() }),
  data: z.object({
    snapshots: z.int(),
    /** What all snapshots would restore to together. */
    protectedBytes: z.number(),
    /** What they take up: of administrators that of all repositories, of others what their own snapshots have added. */
    storedBytes: z.number(),
    /** Null for those who do not see all of a repository, and while nothing was counted. */
    deduplicationRatio: z.number().nullable(),
    compressionRatio: z.number().nullable(),
    /** How much of `protectedBytes` did not have to be stored, 0 to 1; null while nothing is stored. */
    savedShare: z.number().nullable(),
  }),
})
export type Overview = z.output<typeof overviewSchema>

export const calendarQuerySchema = z.object({
  days: z.coerce.number().int().min(1).max(400).default(30),
  /** IANA name: where days begin. */
  timeZone: z.string().max(100).default('UTC'),
})
export type CalendarQuery = z.output<typeof calendarQuerySchema>

const daySchema = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)

/** The backups of one day. */
const calendarDaySchema = z.object({
  day: daySchema,
  /** When it begins and ends: what `since` and `until` of the list of runs take. */
  since: timeSchema,
  until: timeSchema,
  finished: z.int(),
  error: z.int(),
  cancelled: z.int(),
  /** Runs that nobody took in time; they are not among the cancelled ones. */
  missed: z.int(),
  addedBytes: z.number(),
})
export type CalendarDay = z.output<typeof calendarDaySchema>

/** `GET /api/v1/overview/calendar`: the days up to today, oldest first. */
export const calendarSchema = z.object({ days: z.array(calendarDaySchema) })
export type Calendar = z.output<typeof calendarSchema>

export const historyQuerySchema = z.object({ days: z.coerce.number().int().min(1).max(1830).default(90) })
export type HistoryQuery = z.output<typeof historyQuerySchema>

/** What was held when it was last counted on a day, in UTC. */
const historyDaySchema = z.object({
  day: daySchema,
  snapshotCount: z.number(),
  storedBytes: z.number(),
  contentBytes: z.number(),
  restoreBytes: z.number(),
  freeBytes: z.number().nullable(),
})
export type HistoryDay = z.output<typeof historyDaySchema>

/**
 * `GET /api/v1/repositories/:id/history`, oldest first; days on which nothing was counted are left out. `GET /api/v1/overview/history` has
 * the sum of all repositories, each as it was last known on a day.
 */
export const historySchema = z.object({
  days: z.array(historyDaySchema),
  /** After so many days no room is left, if it goes on as of late; the least of several repositories. Null: unknown, or far away. */
  daysUntilFull: z.number().nullable(),
})
export type History = z.output<typeof historySchema>

/** A program that Holdfast works with. */
const toolSchema = z.object({
  name: z.string(),
  isFound: z.boolean(),
  /** Null also when it does not say. */
  version: z.string().nullable(),
  /** Administrators see where it is. */
  path: z.string().nullable(),
})

/** `GET /api/v1/about`. */
export const aboutSchema = z.object({
  version: z.string(),
  node: z.string(),
  platform: z.string(),
  database: z.object({ kind: z.enum(['sqlite', 'postgres']), version: z.string() }),
  startedAt: timeSchema,
  uptimeSeconds: z.number(),
  tools: z.array(toolSchema),
  /** Administrators see where the server keeps what it knows. */
  dataFolder: z.string().nullable(),
})
export type About = z.output<typeof aboutSchema>
