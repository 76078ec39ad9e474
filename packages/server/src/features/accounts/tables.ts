import type { Role } from '@holdfast/protocol'
import type { Generated } from 'kysely'

/** Rows of the tables of accounts. */
export interface AccountTables {
  users: UserRow
  recovery_codes: { readonly id: Generated<number>; readonly user_id: number; readonly code_hash: string }
  failed_attempts: FailedAttemptsRow
  sessions: SessionRow
  api_tokens: ApiTokenRow
}

export interface UserRow {
  readonly id: Generated<number>
  readonly username: string
  /** In PHC form; null for users who sign in elsewhere only. */
  readonly password_hash: string | null
  /** 1 while the password is the one that the server made up and showed. */
  readonly has_generated_password: Generated<number>
  readonly role: Role
  readonly is_disabled: number
  readonly oidc_subject: string | null
  /** Sealed; null while there is no second factor. */
  readonly totp_secret: string | null
  /** The last time step whose code was used, so that none counts twice. */
  readonly totp_last_step: number | null
  /** Sealed; a second factor that is being set up and was not confirmed. */
  readonly totp_pending: string | null
  /** JSON of the default retention of the user's clients. */
  readonly retention: string | null
  readonly created_at: number
}

/** How often something was tried in vain of late. */
export interface FailedAttemptsRow {
  /** A hash: what was typed as a name may be a password. */
  readonly key: string
  readonly count: number
  readonly forgotten_at: number
}

export interface SessionRow {
  readonly id: Generated<number>
  readonly user_id: number
  readonly token_hash: string
  readonly created_at: number
  readonly last_seen_at: number
  readonly expires_at: number
  readonly address: string
  readonly user_agent: string
}

export interface ApiTokenRow {
  readonly id: Generated<number>
  readonly user_id: number
  readonly name: string
  readonly token_hash: string
  /** JSON list. */
  readonly scopes: string
  readonly created_at: number
  readonly expires_at: number | null
  readonly last_used_at: number | null
}
