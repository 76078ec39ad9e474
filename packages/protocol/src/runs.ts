import { z } from 'zod'
import { idSchema, timeSchema } from './fields.ts'

/** What a run does. */
export const runKindSchema = z.enum(['backup', 'restore', 'maintenance', 'check'])
export type RunKind = z.output<typeof runKindSchema>

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

export const runSchema = z.object({
  id: idSchema,
  kind: runKindSchema,
  state: runStateSchema,
  clientId: idSchema.nullable(),
  planId: idSchema.nullable(),
  repositoryId: idSchema.nullable(),
  trigger: z.enum(['schedule', 'manual', 'catch-up', 'retry']),
  retryOf: idSchema.nullable(),
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
