import type { Clock } from '@holdfast/engine'
import { usernameSchema } from '@holdfast/protocol'
import { z } from 'zod'
import { isServerError, ServerError } from '../../errors.ts'
import type { UserActor } from '../../http/actor.ts'
import type { SecretBox } from '../../secrets/secret-box.ts'
import { type Audit, type Origin, SERVER_ORIGIN } from '../audit/audit.ts'
import type { Accounts } from './accounts.ts'
import type { Identity, IdentityProvider } from './identity-provider.ts'
import type { Sessions, Visitor } from './sessions.ts'
import type { AccountStore, StoredUser } from './store.ts'

/** How long the way to the provider and back may take. */
export const FLOW_SECONDS = 600
const PURPOSE = 'way to the identity provider'

const flowSchema = z.object({
  question: z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), redirectUri: z.string() }),
  returnTo: z.string(),
  /** The user who ties an account of the provider to the own one; undefined when somebody signs in. */
  userId: z.number().optional(),
  expiresAt: z.number(),
})
type Flow = z.output<typeof flowSchema>

export interface SingleSignOnOptions {
  readonly provider: IdentityProvider | undefined
  readonly store: AccountStore
  readonly accounts: Pick<Accounts, 'create'>
  readonly sessions: Pick<Sessions, 'begin'>
  readonly secrets: SecretBox
  readonly audit: Audit
  readonly clock: Clock
}

/** Where the browser goes, and what it keeps until it is back. */
export interface Departure {
  readonly url: string
  readonly flow: string
}

/**
 * Signing in with an account elsewhere. What belongs to one sign-in is kept by the browser, sealed, so that any server process can take it
 * back and nothing is left behind by who never returns.
 *
 * A user is found by what the provider calls the subject, never by the name alone: people can often change that. Only a user whom an
 * administrator made without a password is tied to the first who comes with the name.
 */
export class SingleSignOn {
  readonly #options: SingleSignOnOptions

  constructor(options: SingleSignOnOptions) {
    this.#options = options
  }

  /** What the provider is called; undefined when there is none. */
  get name(): string | undefined {
    return this.#options.provider?.settings.name
  }

  /**
   * Sends somebody to the provider.
   * @param userId the user who is signed in and wants to be tied to an account there
   * @throws {ServerError} `not-found` when there is no provider; `server.unavailable`.
   */
  async begin(way: { readonly redirectUri: string; readonly returnTo: string; readonly userId?: number }): Promise<Departure> {
    const { secrets, clock } = this.#options
    const { url, question } = await this.#provider().ask(way.redirectUri)
    const flow: Flow = { question, returnTo: way.returnTo, userId: way.userId, expiresAt: clock.now() + FLOW_SECONDS * 1000 }
    return { url, flow: secrets.seal(JSON.stringify(flow), PURPOSE) }
  }

  /**
   * Takes back who was sent. Gives the token of a new session and the page that was wanted.
   * @throws {ServerError} `auth.failed`, `server.unavailable`, `not-found`.
   */
  async finish(
    { query, flow }: { readonly query: string; readonly flow: string | undefined },
    visitor: Visitor,
  ): Promise<{ readonly token: string; readonly returnTo: string }> {
    const provider = this.#provider()
    const { question, returnTo, userId } = this.#open(flow)
    const identity = await provider.answer(query, question)
    const user = await this.#admit(identity, { userId, visitor })
    return { token: await this.#options.sessions.begin(user, { visitor, by: 'single sign-on' }), returnTo }
  }

  /** Ends the tie of one's own. @throws {ServerError} `request.conflict` for users who could not sign in any more. */
  async untie(actor: UserActor, origin: Origin): Promise<void> {
    const { store, audit } = this.#options
    const user = await store.findUser({ id: actor.userId })
    if (user?.password_hash === null) {
      throw new ServerError('request.conflict', 'Cannot do without single sign-on: there is no password to sign in with')
    }
    await store.changeUser(actor.userId, { oidc_subject: null })
    await audit.record(origin, { action: 'single-sign-on.untied', subject: `user ${actor.userId}` })
  }

  #provider(): IdentityProvider {
    const { provider } = this.#options
    if (provider === undefined) throw new ServerError('not-found', 'Cannot sign in: no identity provider is set')
    return provider
  }

  #open(sealed: string | undefined): Flow {
    const { secrets, clock } = this.#options
    try {
      const flow = flowSchema.parse(JSON.parse(secrets.open(sealed ?? '', PURPOSE)))
      if (flow.expiresAt > clock.now()) return flow
    } catch (error) {
      if (!isServerError(error, 'secrets.sealed')) throw error
    }
    throw new ServerError('auth.failed', 'Cannot sign in: this browser did not begin to, or too long ago; try again')
  }

  /** The user whom an identity opens; a refusal is written down. */
  async #admit(
    identity: Identity,
    { userId, visitor }: { readonly userId: number | undefined; readonly visitor: Visitor },
  ): Promise<StoredUser> {
    try {
      const user = userId === undefined ? await this.#userOf(identity, visitor) : await this.#tie(userId, { identity, visitor })
      if (user.is_disabled === 1) throw new ServerError('auth.failed', 'Cannot sign in: the user is disabled')
      return user
    } catch (error) {
      const origin = { actor: { kind: 'nobody', name: identity.username?.slice(0, 50) ?? '' }, address: visitor.address } as const
      if (isServerError(error, 'auth.failed')) {
        const detail = { by: 'single sign-on', reason: error.message }
        await this.#options.audit.record(origin, { action: 'sign-in.failed', subject: 'user', detail })
      }
      throw error
    }
  }

  async #userOf(identity: Identity, visitor: Visitor): Promise<StoredUser> {
    const { store, accounts } = this.#options
    const known = await store.findUser({ oidcSubject: identity.subject })
    if (known !== undefined) return known
    const username = usernameSchema.safeParse(identity.username)
    if (!username.success) throw new ServerError('auth.failed', 'Cannot sign in: the identity provider tells no name that a user can have')
    const named = await store.findUser({ username: username.data })
    if (named !== undefined) {
      const isAwaited = named.password_hash === null && named.oidc_subject === null
      if (isAwaited) return this.#tie(named.id, { identity, visitor })
      throw new ServerError('auth.failed', `Cannot sign in: there is a user ${username.data} that is not tied to this account`)
    }
    const role = this.#provider().settings.newUserRole
    if (role === undefined) throw new ServerError('auth.failed', `Cannot sign in: there is no user ${username.data}`)
    const { id } = await accounts.create({ username: username.data, role, retention: null }, { ...SERVER_ORIGIN, address: visitor.address })
    return this.#tie(id, { identity, visitor })
  }

  async #tie(id: number, { identity, visitor }: { readonly identity: Identity; readonly visitor: Visitor }): Promise<StoredUser> {
    const { store, audit } = this.#options
    const isTied = await store.tieUser(id, identity.subject)
    const user = await store.findUser({ id })
    if (user === undefined || user.oidc_subject !== identity.subject) {
      throw new ServerError('auth.failed', 'Cannot tie the accounts: one of them is tied to another')
    }
    if (isTied) await audit.record({ ...SERVER_ORIGIN, address: visitor.address }, { action: 'single-sign-on.tied', subject: `user ${id}` })
    return user
  }
}
