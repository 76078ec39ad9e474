import { z } from 'zod'
import { idSchema, idTextSchema, pageQuerySchema, timeSchema } from './fields.ts'

/** What a run does. */
export const runKindSchema = z.enum(['backup', 'restore', 'maintenance', 'check'])
export type RunKind = z.output<typeof runKindSchema>

/** Why there is a run: it was due, somebody asked for it, it was missed, or an earlier one came to nothing. */
export const runTriggerSchema = z.enum(['schedule', 'manual', 'catch-up', 'retry'])
export type RunTrigger = z.output<typeof runTriggerSchema>

/** `pending` until somebody takes it, `running` while somebody holds its lease; the others are final. */
export const runStateSchema = z.enum(['pending', 'running', 'finished', 'error', 'cancelled'])
export type RunState = z.output<typeof runStateSchema>

/** How far a run is; `total…` are null while nobody knows. */
export const runProgressSchema = z.object({
  phase: z.string().max(200),
  doneFiles: z.number().min(0),
  totalFiles: z.number().min(0).nullable(),
  doneBytes: z.number().min(0),
  totalBytes: z.number().min(0).nullable(),
  currentItem: z.string().max(5000).nullable(),
  errorCount: z.number().min(0),
})
export type RunProgress = z.output<typeof runProgressSchema>

export const runStatisticsSchema = z.object({
  filesNew: z.number().min(0).optional(),
  filesChanged: z.number().min(0).optional(),
  filesUnmodified: z.number().min(0).optional(),
  readBytes: z.number().min(0).optional(),
  addedBytes: z.number().min(0).optional(),
  storedBytes: z.number().min(0).optional(),
  sentBytes: z.number().min(0).optional(),
  fileCount: z.number().min(0).optional(),
  totalBytes: z.number().min(0).optional(),
  durationMs: z.number().min(0).optional(),
  errorCount: z.number().min(0).optional(),
  /** What other kinds of runs count. */
  other: z.record(z.string().max(100), z.number()).optional(),
})
export type RunStatistics = z.output<typeof runStatisticsSchema>

export const logLevelSchema = z.enum(['debug', 'info', 'warning', 'error'])
export type LogLevel = z.output<typeof logLevelSchema>

export const logEntrySchema = z.object({ at: timeSchema, level: logLevelSchema, message: z.string().max(20_000) })
export type LogEntry = z.output<typeof logEntrySchema>

export const runErrorSchema = z.object({ code: z.string().max(100), message: z.string().max(20_000) })
export type RunError = z.output<typeof runErrorSchema>

/** What something is about: a client, a plan and a repository, each where there is one and the reader may see it. */
export const subjectFields = {
  clientId: idSchema.nullable(),
  clientName: z.string().nullable(),
  planId: idSchema.nullable(),
  planName: z.string().nullable(),
  repositoryId: idSchema.nullable(),
  repositoryName: z.string().nullable(),
}

export const runSchema = z.object({
  id: idSchema,
  kind: runKindSchema,
  state: runStateSchema,
  ...subjectFields,
  trigger: runTriggerSchema,
  /** A clean-up that only says what would go. */
  isDryRun: z.boolean(),
  retryOf: idSchema.nullable(),
  /** 1, and one more for every retry that the server makes by itself. */
  attempt: z.int().positive(),
  /** A pending run is not taken before this time. */
  notBefore: timeSchema.nullable(),
  createdAt: timeSchema,
  startedAt: timeSchema.nullable(),
  finishedAt: timeSchema.nullable(),
  isCancelRequested: z.boolean(),
  snapshotId: z.string().nullable(),
  progress: runProgressSchema.nullable(),
  statistics: runStatisticsSchema.nullable(),
  error: runErrorSchema.nullable(),
})
export type Run = z.output<typeof runSchema>

const commaListSchema = z
  .string()
  .max(200)
  .transform((text) => text.split(','))

/** `GET /api/v1/runs`: newest first. Lists are separated by commas; `since` counts, `until` does not. */
export const runQuerySchema = pageQuerySchema.extend({
  clientId: idTextSchema.optional(),
  planId: idTextSchema.optional(),
  repositoryId: idTextSchema.optional(),
  state: commaListSchema.pipe(z.array(runStateSchema)).optional(),
  kind: commaListSchema.pipe(z.array(runKindSchema)).optional(),
  since: timeSchema.optional(),
  until: timeSchema.optional(),
})
export type RunQuery = z.output<typeof runQuerySchema>

/** One page of runs; `next` is the cursor of the following one, null on the last. */
export const runPageSchema = z.object({ items: z.array(runSchema), next: z.string().nullable() })
export type RunPage = z.output<typeof runPageSchema>

export const runLogEntrySchema = logEntrySchema.extend({ id: idSchema })
export type RunLogEntry = z.output<typeof runLogEntrySchema>

/** `GET /api/v1/runs/:id/log`: from its beginning, or with `newest` from its end backwards. */
export const runLogQuerySchema = pageQuerySchema.extend({ order: z.enum(['oldest', 'newest']).default('oldest') })
export type RunLogQuery = z.output<typeof runLogQuerySchema>

/** One page of a run's log, in the order that was asked for. */
export const runLogPageSchema = z.object({ items: z.array(runLogEntrySchema), next: z.string().nullable() })
export type RunLogPage = z.output<typeof runLogPageSchema>

/** The data of an event `log` of `GET /api/v1/events` and `GET /api/v1/runs/:id/events`; that of an event `run` is a run. */
export const runLogEventSchema = z.object({ runId: idSchema, entries: z.array(runLogEntrySchema) })
export type RunLogEvent = z.output<typeof runLogEventSchema>
