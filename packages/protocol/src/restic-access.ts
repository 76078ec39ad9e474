import { z } from 'zod'
import { idSchema } from './fields.ts'

/** That a client may use a repository by restic's own protocol. */
const resticRepositorySchema = z.object({
  repositoryId: idSchema,
  repositoryName: z.string(),
  /** Where it is on the server, to be put behind `rest:https://host`. */
  path: z.string(),
  /** Whether the client may remove files; if not, it can only add some, and remove its own locks. */
  isFull: z.boolean(),
  quotaBytes: z.number().nullable(),
  /** What the files have together that the client has brought and that are still there. */
  usedBytes: z.number(),
})

export const resticAccessSchema = z.object({
  /** Whether the client has a password; without one it cannot use its repositories. */
  hasPassword: z.boolean(),
  repositories: z.array(resticRepositorySchema),
})
export type ResticAccessView = z.output<typeof resticAccessSchema>

export const grantResticAccessSchema = z.object({
  isFull: z.boolean().default(false),
  quotaBytes: z.int().min(0).nullable().default(null),
})
export type GrantResticAccess = z.output<typeof grantResticAccessSchema>

/** With what a client signs in, shown this once. */
export const resticPasswordSchema = z.object({ username: z.string(), password: z.string() })
export type ResticPassword = z.output<typeof resticPasswordSchema>
