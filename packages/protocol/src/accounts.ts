import { z } from 'zod'
import { idSchema, timeSchema } from './fields.ts'

/** What users may do: everything; all that concerns clients they own; read what concerns clients they own. */
export const roleSchema = z.enum(['viewer', 'operator', 'admin'])
export type Role = z.output<typeof roleSchema>

/** What an API token may be used for, within the role of its user. `admin` is everything that the user may do. */
export const scopeSchema = z.enum(['read', 'backup', 'restore', 'manage', 'admin'])
export type Scope = z.output<typeof scopeSchema>

export const usernameSchema = z
  .string()
  .min(1)
  .max(50)
  .regex(/^[\w.@+-]+$/u, 'may hold letters, digits and . @ + - _')

/** Long rather than strange: length is what makes a password hard to guess. */
export const passwordSchema = z.string().min(10).max(200)

export const loginSchema = z.object({
  username: z.string().min(1).max(200),
  password: z.string().min(1).max(200),
  /** A code of the authenticator, or a recovery code. */
  code: z.string().max(40).optional(),
})
export type Login = z.output<typeof loginSchema>

export const retentionSchema = z.object({
  /** How many snapshots of a plan are kept. */
  versions: z.int().min(1).max(100_000).optional(),
  /** For how many days snapshots are kept. */
  days: z.int().min(1).max(100_000).optional(),
  hourly: z.int().min(1).max(100_000).optional(),
  daily: z.int().min(1).max(100_000).optional(),
  weekly: z.int().min(1).max(100_000).optional(),
  monthly: z.int().min(1).max(100_000).optional(),
  yearly: z.int().min(1).max(100_000).optional(),
})
export type Retention = z.output<typeof retentionSchema>

export const userSchema = z.object({
  id: idSchema,
  username: z.string(),
  role: roleSchema,
  isDisabled: z.boolean(),
  hasPassword: z.boolean(),
  hasSecondFactor: z.boolean(),
  retention: retentionSchema.nullable(),
  createdAt: timeSchema,
})
export type User = z.output<typeof userSchema>

export const newUserSchema = z.object({
  username: usernameSchema,
  password: passwordSchema.optional(),
  role: roleSchema.default('operator'),
  retention: retentionSchema.nullable().default(null),
})
export type NewUser = z.output<typeof newUserSchema>
