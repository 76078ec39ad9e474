import type { Clock } from '@holdfast/engine'
import type { Settings } from './config/settings.ts'
import type { Database } from './db/database.ts'
import { Accounts } from './features/accounts/accounts.ts'
import { AccountStore } from './features/accounts/store.ts'
import { Audit } from './features/audit/audit.ts'
import { AuditStore } from './features/audit/store.ts'
import type { SecretBox } from './secrets/secret-box.ts'

/** What the server stands on. */
export interface Foundations {
  readonly settings: Settings
  readonly database: Database
  readonly clock: Clock
  readonly secrets: SecretBox
}

/** The services of all features, made once and given to the routes. */
export interface Services {
  readonly audit: Audit
  readonly accounts: Accounts
}

/** Puts the services together: the only place that knows which needs which. */
export function composeServices({ database, clock }: Foundations): Services {
  const { queries } = database
  const audit = new Audit(new AuditStore(queries), clock)
  const accounts = new Accounts({ store: new AccountStore(queries), audit, clock })
  return { audit, accounts }
}
