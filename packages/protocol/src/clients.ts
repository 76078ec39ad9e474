import { z } from 'zod'
import { retentionSchema } from './accounts.ts'
import { idSchema, idTextSchema, pageQuerySchema, timeSchema } from './fields.ts'
import { hooksSchema, limitsSchema } from './plans.ts'
import { logLevelSchema } from './runs.ts'

/** What the owner of a client can edit; it counts for all its plans. */
export const clientSettingsSchema = z.object({
  /** Carried out before those of the plan. */
  hooks: hooksSchema.default({ pre: [], post: [], onFailure: [] }),
  /** Null: as the owner's. */
  retention: retentionSchema.nullable().default(null),
  limits: limitsSchema.default({ blackouts: [] }),
  /** Whether the agent may restore its own snapshots. */
  mayRestore: z.boolean().default(true),
  /** Once its snapshots have added so many bytes to repositories, no further backup begins; null for no bound. Administrators set it. */
  quotaBytes: z.int().min(0).nullable().default(null),
  /** A client without a good backup for so long is overdue; null: only as its plans' schedules say. */
  overdueAfterHours: z.int().min(1).max(100_000).nullable().default(null),
})
export type ClientSettings = z.output<typeof clientSettingsSchema>

export const clientSchema = z.object({
  id: idSchema,
  name: z.string(),
  ownerId: idSchema,
  isLocal: z.boolean(),
  isDisabled: z.boolean(),
  /** Whether an agent has a token. */
  isEnrolled: z.boolean(),
  isOverdue: z.boolean(),
  hostname: z.string().nullable(),
  platform: z.string().nullable(),
  version: z.string().nullable(),
  settings: clientSettingsSchema,
  createdAt: timeSchema,
  lastPingAt: timeSchema.nullable(),
  lastBackupAt: timeSchema.nullable(),
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
  settings: clientSettingsSchema.optional(),
})
export type ChangeClient = z.output<typeof changeClientSchema>

export const clientQuerySchema = pageQuerySchema.extend({
  search: z.string().max(200).optional(),
  ownerId: idTextSchema.optional(),
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
