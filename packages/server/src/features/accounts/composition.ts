import type { Clock } from '@holdfast/engine'
import type { Settings } from '../../config/settings.ts'
import type { Database } from '../../db/database.ts'
import type { SecretBox } from '../../secrets/secret-box.ts'
import { Audit } from '../audit/audit.ts'
import { AuditStore } from '../audit/store.ts'
import { Accounts } from './accounts.ts'
import { ApiTokens } from './api-tokens.ts'
import { FailureStore } from './failure-store.ts'
import { IdentityProvider, identityProviderSettings } from './identity-provider.ts'
import { SecondFactors } from './second-factor.ts'
import { SessionStore } from './session-store.ts'
import { Sessions } from './sessions.ts'
import { SignIn } from './sign-in.ts'
import { SignInThrottle } from './sign-in-throttle.ts'
import { SingleSignOn } from './single-sign-on.ts'
import { AccountStore } from './store.ts'
import { AccountUpkeep } from './upkeep.ts'

/** How long the audit log is kept. */
const AUDIT_MS = 2 * 365 * 86_400_000

export interface AccountFoundations {
  readonly settings: Settings
  readonly database: Database
  readonly clock: Clock
  readonly secrets: SecretBox
}

/** What knows who somebody is and what was done. */
export interface AccountServices {
  readonly audit: Audit
  readonly accounts: Accounts
  readonly signIn: SignIn
  readonly sessions: Sessions
  readonly apiTokens: ApiTokens
  readonly secondFactors: SecondFactors
  readonly singleSignOn: SingleSignOn
  readonly accountUpkeep: AccountUpkeep
}

/** Puts the accounts together. */
export function composeAccounts({ settings, database, clock, secrets }: AccountFoundations): AccountServices {
  const { queries } = database
  const auditStore = new AuditStore(queries)
  const audit = new Audit(auditStore, clock)
  const store = new AccountStore(queries)
  const sessionStore = new SessionStore(queries)
  const failures = new FailureStore(queries)
  const sessions = new Sessions({ store: sessionStore, audit, clock })
  const secondFactors = new SecondFactors({ store, secrets, audit, clock })
  const signIn = new SignIn({ store, throttle: new SignInThrottle(failures, clock), secondFactors, audit })
  const removals = [
    (now: number) => sessionStore.removeExpired(now),
    (now: number) => failures.removeForgotten(now),
    (now: number) => auditStore.removeBefore(now - AUDIT_MS),
  ]
  const accounts = new Accounts({ store, sessions, signIn, secondFactors, audit, clock })
  const providerSettings = identityProviderSettings(settings)
  const provider = providerSettings && new IdentityProvider(providerSettings)
  return {
    audit,
    accounts,
    signIn,
    sessions,
    apiTokens: new ApiTokens({ store: sessionStore, audit, clock }),
    secondFactors,
    singleSignOn: new SingleSignOn({ provider, store, accounts, sessions, secrets, audit, clock }),
    accountUpkeep: new AccountUpkeep({ clock, removals }),
  }
}
