import type { Login } from '@holdfast/protocol'
import { ServerError } from '../../errors.ts'
import type { UserActor } from '../../http/actor.ts'
import { verifyPassword } from '../../secrets/password-hash.ts'
import type { Audit } from '../audit/audit.ts'
import type { Visitor } from './sessions.ts'
import type { SignInThrottle } from './sign-in-throttle.ts'
import type { AccountStore, StoredUser } from './store.ts'

export interface SignInOptions {
  readonly store: AccountStore
  readonly throttle: SignInThrottle
  readonly secondFactors: SecondFactorCheck
  readonly audit: Audit
}

/** The second step of signing in. */
interface SecondFactorCheck {
  /** Uses a code up. @throws {ServerError} `auth.failed` when it does not fit. */
  demand(user: StoredUser, code: string): Promise<void>
}

/** Who somebody is, by what they know and have. */
export class SignIn {
  readonly #options: SignInOptions

  constructor(options: SignInOptions) {
    this.#options = options
  }

  /**
   * Who signs in with a password and, if the user has a second factor, a code of it.
   * @throws {ServerError} `auth.failed`; `auth.second-factor` when only the code is missing; `auth.locked` and `request.too-many`.
   */
  async user(login: Login, { address }: Visitor): Promise<StoredUser> {
    const { store, throttle } = this.#options
    const user = await store.findUser({ username: login.username })
    const note = (action: string): Promise<void> => this.#note(user, { action, address })
    return throttle.signIn({ username: login.username, address, onLocked: () => note('sign-in.locked') }, async () => {
      try {
        return await this.#check(user, login)
      } catch (error) {
        if (!isMissingCode(error)) await note('sign-in.failed')
        throw error
      }
    })
  }

  /** Asks somebody who is signed in for the password again, and runs `action` then. @throws {ServerError} `auth.failed`, `auth.locked` */
  async confirm<Result>(actor: UserActor, password: string, action: (user: StoredUser) => Promise<Result>): Promise<Result> {
    const { store, throttle } = this.#options
    const user = await store.findUser({ id: actor.userId })
    return throttle.confirm(actor.userId, async () => {
      if (user !== undefined && (await verifyPassword(user.password_hash ?? undefined, password))) return action(user)
      throw new ServerError('auth.failed', 'Cannot do this: the password is wrong')
    })
  }

  async #check(user: StoredUser | undefined, { password, code }: Login): Promise<StoredUser> {
    const fits = await verifyPassword(user?.password_hash ?? undefined, password)
    if (user === undefined || !fits || user.is_disabled === 1) {
      throw new ServerError('auth.failed', 'Cannot sign in: user name or password is wrong')
    }
    if (user.totp_secret === null) return user
    if (code === undefined) throw new ServerError('auth.second-factor', 'Cannot sign in: a code of the second factor is needed too')
    await this.#options.secondFactors.demand(user, code)
    return user
  }

  /** What was typed as the name is not written down when nobody has it: it may be a password. */
  #note(user: StoredUser | undefined, { action, address }: { readonly action: string; readonly address: string }): Promise<void> {
    const origin = { actor: { kind: 'nobody', name: user?.username ?? '' }, address } as const
    return this.#options.audit.record(origin, { action, subject: user === undefined ? 'user' : `user ${user.id}` })
  }
}

function isMissingCode(error: unknown): boolean {
  return error instanceof ServerError && error.code === 'auth.second-factor'
}
