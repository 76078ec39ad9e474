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

/** Long rather than strange: length is what makes a password hard to guess. The server refuses common ones besides. */
export const passwordSchema = z.string().min(10).max(200)

/** A password that is compared with one that was set: whatever length that had. */
const knownPasswordSchema = z.string().min(1).max(200)
/** A code of the authenticator, or a recovery code. */
const codeSchema = z.string().min(1).max(40)

export const loginSchema = z.object({
  username: z.string().min(1).max(200),
  password: knownPasswordSchema,
  code: codeSchema.optional(),
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
  /** Whether an account of the identity provider opens this one. */
  hasSingleSignOn: z.boolean(),
  /** What counts for the user's clients that have no retention of their own. */
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

/** What administrators change of a user; what is absent stays. */
export const changeUserSchema = z.object({
  role: roleSchema.optional(),
  isDisabled: z.boolean().optional(),
  /** Ends all sessions of the user. */
  password: passwordSchema.optional(),
  /** For who has lost the authenticator and the recovery codes. */
  hasSecondFactor: z.literal(false).optional(),
  /** Ends the tie to an account of the identity provider. */
  hasSingleSignOn: z.literal(false).optional(),
  retention: retentionSchema.nullable().optional(),
})
export type ChangeUser = z.output<typeof changeUserSchema>

/** What users change of themselves, besides what needs their password. */
export const changeMeSchema = z.object({ retention: retentionSchema.nullable() })

export const changePasswordSchema = z.object({ currentPassword: knownPasswordSchema, password: passwordSchema })
export type ChangePassword = z.output<typeof changePasswordSchema>

export const sessionSchema = z.object({
  id: idSchema,
  createdAt: timeSchema,
  lastSeenAt: timeSchema,
  expiresAt: timeSchema,
  address: z.string(),
  userAgent: z.string(),
  /** Whether it is the one that asks. */
  isCurrent: z.boolean(),
})
export type Session = z.output<typeof sessionSchema>

export const apiTokenSchema = z.object({
  id: idSchema,
  name: z.string(),
  scopes: z.array(scopeSchema),
  createdAt: timeSchema,
  /** Null: never. */
  expiresAt: timeSchema.nullable(),
  lastUsedAt: timeSchema.nullable(),
})
export type ApiToken = z.output<typeof apiTokenSchema>

export const newApiTokenSchema = z.object({
  name: z.string().trim().min(1).max(100),
  scopes: z.array(scopeSchema).min(1).max(scopeSchema.options.length),
  /** Null: it never expires. */
  expiresInDays: z.int().min(1).max(3650).nullable().default(365),
})
export type NewApiToken = z.output<typeof newApiTokenSchema>

/** The only time that the token itself is told. */
export const createdApiTokenSchema = apiTokenSchema.extend({ token: z.string() })
export type CreatedApiToken = z.output<typeof createdApiTokenSchema>

export const secondFactorSchema = z.object({ isEnabled: z.boolean(), recoveryCodesLeft: z.int() })
export type SecondFactor = z.output<typeof secondFactorSchema>

/** One's own password once more, before what a stolen session must not do. */
export const confirmPasswordSchema = z.object({ password: knownPasswordSchema })

/** What an authenticator is told, by hand or as a picture of the URL. It counts once a code of it was sent. */
export const secondFactorSecretSchema = z.object({ secret: z.string(), url: z.string() })
export type SecondFactorSecret = z.output<typeof secondFactorSecretSchema>

export const confirmSecondFactorSchema = z.object({ code: codeSchema })

/** The only time that the codes are told. */
export const recoveryCodesSchema = z.object({ recoveryCodes: z.array(z.string()) })

/** Removes the second factor, or makes new recovery codes: both need what a stolen session does not have. */
export const changeSecondFactorSchema = z.object({ password: knownPasswordSchema, code: codeSchema })
export type ChangeSecondFactor = z.output<typeof changeSecondFactorSchema>

/** What the page where people sign in has to offer besides passwords. */
export const signInMethodsSchema = z.object({ singleSignOn: z.object({ name: z.string() }).nullable() })

/** Where on the server somebody wants to be once signed in: a path, never another site. */
export const singleSignOnQuerySchema = z.object({
  returnTo: z
    .string()
    .max(500)
    .regex(/^\/([\w.~%&=+:@,;-][\w.~%&=+:@,;/?#-]*)?$/, 'must be a path of this server')
    .default('/'),
})

/** Where to send the browser. */
export const singleSignOnUrlSchema = z.object({ url: z.string() })
