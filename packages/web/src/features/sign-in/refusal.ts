import { ApiFailure } from '../../app/api.ts'

/** What became of an attempt to sign in. */
export type Refusal =
  | { readonly kind: 'password' | 'code' | 'recovery-code' | 'code-wanted' | 'busy' }
  | { readonly kind: 'locked' | 'refused'; readonly minutes: number }
  | { readonly kind: 'other'; readonly failure: unknown }

/** What an attempt was made with besides the password. */
export type CodeKind = 'none' | 'authenticator' | 'recovery'

/** Below this, a refusal is not for guessing: too many others sign in at the same moment. */
const BUSY_SECONDS_MAX = 30
const MINUTE_SECONDS = 60

/** Reads from a failure why somebody is not signed in. */
export function refusalOf(failure: unknown, codeKind: CodeKind): Refusal {
  if (!(failure instanceof ApiFailure)) return { kind: 'other', failure }
  const { code, retryAfterSeconds = 0 } = failure.problem
  const minutes = Math.max(1, Math.ceil(retryAfterSeconds / MINUTE_SECONDS))
  switch (code) {
    case 'auth.second-factor':
      return { kind: 'code-wanted' }
    case 'auth.failed':
      return { kind: codeKind === 'none' ? 'password' : codeKind === 'recovery' ? 'recovery-code' : 'code' }
    case 'auth.locked':
      return { kind: 'locked', minutes }
    case 'request.too-many':
      return retryAfterSeconds <= BUSY_SECONDS_MAX ? { kind: 'busy' } : { kind: 'refused', minutes }
    default:
      return { kind: 'other', failure }
  }
}
