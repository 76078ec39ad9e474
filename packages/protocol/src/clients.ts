import { z } from 'zod'
import { retentionSchema } from './accounts.ts'
import { machinePolicySchema } from './agent-link.ts'
import { idSchema, idTextSchema, pageQuerySchema, timeSchema } from './fields.ts'
import { hooksSchema, limitsSchema } from './plans.ts'
import { logLevelSchema, runErrorSchema, runStateSchema } from './runs.ts'

const settingFields = z.object({
  /** Carried out before those of the plan. */
  hooks: hooksSchema,
  /** Null: as the owner's. */
  retention: retentionSchema.nullable(),
  limits: limitsSchema,
  /** Whether the agent may restore its own snapshots. */
  mayRestore: z.boolean(),
  /** So many bytes its snapshots may add to repositories, and nothing is stored beyond; null for no bound. Administrators set it. */
  quotaBytes: z.int().min(0).nullable(),
  /** A client without a good backup for so long is overdue; null: only as its plans' schedules say. */
  overdueAfterHours: z.int().min(1).max(100_000).nullable(),
})
const { hooks, retention, limits, mayRestore, quotaBytes, overdueAfterHours } = settingFields.shape

/** What the owner of a client can edit; it counts for all its plans. */
export const clientSettingsSchema = z.object({
  hooks: hooks.default({ pre: [], post: [], onFailure: [] }),
  retention: retention.default(null),
  limits: limits.default({ blackouts: [] }),
  mayRestore: mayRestore.default(true),
  quotaBytes: quotaBytes.default(null),
  overdueAfterHours: overdueAfterHours.default(null),
})
export type ClientSettings = z.output<typeof clientSettingsSchema>

/**
 * How a client is, the first that is true: `disabled`; `failed`, the last run of one of its plans that came to an end failed; `overdue`;
 * `never`, it has no good backup; `ok`.
 */
export const clientStateSchema = z.enum(['failed', 'overdue', 'never', 'ok', 'disabled'])
export type ClientState = z.output<typeof clientStateSchema>

/** The newest backup run of a client that is not waiting: it runs, or has ended. */
const clientLastRunSchema = z.object({
  id: idSchema,
  state: runStateSchema,
  finishedAt: timeSchema.nullable(),
  error: runErrorSchema.nullable(),
})

export const clientSchema = z.object({
  id: idSchema,
  name: z.string(),
  ownerId: idSchema,
  isLocal: z.boolean(),
  isDisabled: z.boolean(),
  /** Whether an agent has a token. */
  isEnrolled: z.boolean(),
  /** Whether somebody wants its agent to replace that, and it has not done so yet. */
  isTokenRotationWanted: z.boolean(),
  /** It, or one of its enabled plans, has had no good backup for longer than it may. */
  isOverdue: z.boolean(),
  state: clientStateSchema,
  hostname: z.string().nullable(),
  platform: z.string().nullable(),
  version: z.string().nullable(),
  /** What its machine's owner allows the server; null while its agent has not said so. */
  policy: machinePolicySchema.nullable(),
  settings: clientSettingsSchema,
  createdAt: timeSchema,
  lastPingAt: timeSchema.nullable(),
  lastBackupAt: timeSchema.nullable(),
  /** When the first of its plans runs next; null when none will. */
  nextRunAt: timeSchema.nullable(),
  lastRun: clientLastRunSchema.nullable(),
  /** The states of its last ten backup runs that have ended, oldest first. */
  trend: z.array(runStateSchema).max(10),
})
export type Client = z.output<typeof clientSchema>

const nameSchema = z.string().trim().min(1).max(200)

export const newClientSchema = z.object({
  name: nameSchema,
  /** Administrators only; whoever asks when it is not given. */
  ownerId: idSchema.optional(),
  settings: clientSettingsSchema.optional(),
})
export type NewClient = z.output<typeof newClientSchema>

/** What is left out stays as it is. */
export const changeClientSchema = z.object({
  name: nameSchema.optional(),
  ownerId: idSchema.optional(),
  isDisabled: z.boolean().optional(),
  /** Those that are not given stay as they are. */
  settings: settingFields.partial().optional(),
})
export type ChangeClient = z.output<typeof changeClientSchema>

/**
 * `GET /api/v1/clients`. Sorted by when they were added, by name, by the time of the last good backup (those without one are the oldest),
 * or by state: what needs somebody first. Pages go on with the same sort and order.
 */
export const clientQuerySchema = pageQuerySchema.extend({
  /** Holds the name of the last client of the page before, so that it may be long. */
  cursor: z.string().max(2000).optional(),
  search: z.string().max(200).optional(),
  ownerId: idTextSchema.optional(),
  state: clientStateSchema.optional(),
  sort: z.enum(['added', 'name', 'lastBackupAt', 'state']).default('added'),
  order: z.enum(['asc', 'desc']).default('asc'),
})
export type ClientQuery = z.output<typeof clientQuerySchema>

export const clientPageSchema = z.object({ items: z.array(clientSchema), next: z.string().nullable() })
export type ClientPage = z.output<typeof clientPageSchema>

/** A code that brings one agent in, once. */
export const enrolmentSchema = z.object({
  code: z.string(),
  expiresAt: timeSchema,
  /** What to type on the machine. */
  command: z.string(),
})
export type Enrolment = z.output<typeof enrolmentSchema>

/** A token of a client, shown this once. */
export const clientTokenSchema = z.object({ token: z.string() })

export const clientLogQuerySchema = pageQuerySchema.extend({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  search: z.string().max(200).optional(),
  level: logLevelSchema.optional(),
})
export type ClientLogQuery = z.output<typeof clientLogQuerySchema>

export const clientLogEntrySchema = z.object({ id: idSchema, at: timeSchema, level: logLevelSchema, message: z.string() })
export const clientLogPageSchema = z.object({ items: z.array(clientLogEntrySchema), next: z.string().nullable() })
export type ClientLogPage = z.output<typeof clientLogPageSchema>
