import { z } from 'zod'
import { idSchema, idTextSchema, pageQuerySchema, timeSchema } from './fields.ts'

export const auditEntrySchema = z.object({
  id: idSchema,
  at: timeSchema,
  /** Null when it was no user, or one who is gone. */
  userId: idSchema.nullable(),
  /** In words that outlive the user: `user ann`, `client 3 (mail)`, `server`. */
  actor: z.string(),
  /** Noun and past participle: `client.created`. */
  action: z.string(),
  /** Noun and id: `client 3`. */
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
  /** Of the network; empty for what the server does by itself. */
  address: z.string(),
})
export type AuditEntry = z.output<typeof auditEntrySchema>

export const auditQuerySchema = pageQuerySchema.extend({
  /** `client.created`, or all of a noun: `client`. */
  action: z
    .string()
    .regex(/^[a-z-]{1,50}(\.[a-z-]{1,50})?$/, 'must be a noun, or a noun and what was done')
    .optional(),
  subject: z.string().min(1).max(100).optional(),
  userId: idTextSchema.optional(),
  since: timeSchema.optional(),
  until: timeSchema.optional(),
})
export type AuditQuery = z.output<typeof auditQuerySchema>

/** One page of the audit log, newest first; `next` is the cursor of the following one, null on the last. */
export const auditPageSchema = z.object({ entries: z.array(auditEntrySchema), next: z.string().nullable() })
export type AuditPage = z.output<typeof auditPageSchema>
