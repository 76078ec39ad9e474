import { createHash } from 'node:crypto'
import { type Clock, secureRandom } from '@holdfast/engine'
import type { ChangeSecondFactor, SecondFactor, SecondFactorSecret } from '@holdfast/protocol'
import { Secret, TOTP } from 'otpauth'
import { notFound, ServerError } from '../../errors.ts'
import type { UserActor } from '../../http/actor.ts'
import type { SecretBox } from '../../secrets/secret-box.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import type { AccountStore, StoredUser } from './store.ts'

const PERIOD_SECONDS = 30
/** RFC 4226, section 4: 160 bits are recommended. */
const SECRET_BYTES = 20
/** Codes of the step before and after count too, for clocks that differ (RFC 6238, section 5.2). */
const STEPS_ASIDE = 1
const RECOVERY_CODES = 10
/** 80 bits: what is hashed without salt and cost must not be found by trying. */
const RECOVERY_CODE_BYTES = 10

export interface SecondFactorsOptions {
  readonly store: AccountStore
  readonly secrets: SecretBox
  readonly audit: Audit
  readonly clock: Clock
}

/**
 * Codes of an authenticator (TOTP, RFC 6238), and recovery codes for when it is lost. Secrets are sealed in the database, recovery codes
 * hashed. No code counts twice: of a time step whose code was used, and of all before it, none is taken again.
 */
export class SecondFactors {
  readonly #options: SecondFactorsOptions

  constructor(options: SecondFactorsOptions) {
    this.#options = options
  }

  /** Uses up a code of the authenticator or a recovery code. @throws {ServerError} `auth.failed` when it does not fit or was used. */
  async demand(user: StoredUser, code: string): Promise<void> {
    const { store } = this.#options
    const digits = code.replaceAll(/\s/g, '')
    const isUsed = /^\d{6}$/.test(digits)
      ? user.totp_secret !== null && (await this.#useStep(user, { sealed: user.totp_secret, digits }))
      : await store.useRecoveryCode(user.id, hashRecoveryCode(code))
    if (!isUsed) throw new ServerError('auth.failed', 'Cannot sign in: the code is wrong or was used before')
  }

  async get({ userId }: UserActor): Promise<SecondFactor> {
    const { store } = this.#options
    const user = await store.findUser({ id: userId })
    return { isEnabled: typeof user?.totp_secret === 'string', recoveryCodesLeft: await store.countRecoveryCodes(userId) }
  }

  /** Draws a secret for an authenticator; it counts once {@link confirm} has a code of it. @throws {ServerError} `request.conflict`. */
  async begin(user: StoredUser): Promise<SecondFactorSecret> {
    const { store, secrets } = this.#options
    if (user.totp_secret !== null) throw new ServerError('request.conflict', 'Cannot set up a second factor: there is one already')
    const secret = new Secret({ buffer: new Uint8Array(secureRandom(SECRET_BYTES)).buffer })
    await store.changeUser(user.id, { totp_pending: secrets.seal(secret.base32, purposeOf(user)) })
    const url = new TOTP({ issuer: 'Holdfast', label: user.username, secret, period: PERIOD_SECONDS }).toString()
    return { secret: secret.base32, url }
  }

  /**
   * Makes the second factor count, once a code shows that the authenticator has it. Gives the recovery codes.
   * @throws {ServerError} `request.conflict` when none was begun; `auth.failed` when the code does not fit.
   */
  async confirm(actor: UserActor, code: string, origin: Origin): Promise<readonly string[]> {
    const { store, audit } = this.#options
    const user = await store.findUser({ id: actor.userId })
    if (user === undefined) throw notFound(`the user ${actor.userId}`)
    const sealed = user.totp_pending
    if (sealed === null) throw new ServerError('request.conflict', 'Cannot confirm a second factor: begin with setting one up')
    const isUsed = await this.#useStep(user, { sealed, digits: code.replaceAll(/\s/g, '') })
    if (!isUsed) throw new ServerError('auth.failed', 'Cannot confirm the second factor: the code is wrong')
    await store.changeUser(user.id, { totp_secret: sealed, totp_pending: null })
    await audit.record(origin, { action: 'second-factor.enabled', subject: `user ${user.id}` })
    return this.#drawRecoveryCodes(user)
  }

  /** Removes the second factor of whoever proves once more to have it. @throws {ServerError} `auth.failed`. */
  async remove(user: StoredUser, { code }: Pick<ChangeSecondFactor, 'code'>, origin: Origin): Promise<void> {
    await this.demand(user, code)
    await this.removeOf(user.id, origin)
  }

  /** Removes the second factor of a user, without asking. */
  async removeOf(userId: number, origin: Origin): Promise<void> {
    const { store, audit } = this.#options
    await store.changeUser(userId, { totp_secret: null, totp_pending: null })
    await store.replaceRecoveryCodes(userId, [])
    await audit.record(origin, { action: 'second-factor.removed', subject: `user ${userId}` })
  }

  /** New recovery codes; the old ones end. @throws {ServerError} `auth.failed`. */
  async renewRecoveryCodes(user: StoredUser, { code }: Pick<ChangeSecondFactor, 'code'>, origin: Origin): Promise<readonly string[]> {
    await this.demand(user, code)
    await this.#options.audit.record(origin, { action: 'second-factor.codes-renewed', subject: `user ${user.id}` })
    return this.#drawRecoveryCodes(user)
  }

  async #drawRecoveryCodes({ id }: StoredUser): Promise<readonly string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode)
    await this.#options.store.replaceRecoveryCodes(id, codes.map(hashRecoveryCode))
    return codes
  }

  async #useStep(user: StoredUser, { sealed, digits }: { readonly sealed: string; readonly digits: string }): Promise<boolean> {
    const { store, secrets, clock } = this.#options
    const secret = Secret.fromBase32(secrets.open(sealed, purposeOf(user)))
    const timestamp = clock.now()
    const aside = new TOTP({ secret, period: PERIOD_SECONDS }).validate({ token: digits, timestamp, window: STEPS_ASIDE })
    if (aside === null) return false
    return store.useTimeStep(user.id, Math.floor(timestamp / 1000 / PERIOD_SECONDS) + aside)
  }
}

function purposeOf({ id }: StoredUser): string {
  return `second factor of user ${id}`
}

/** Four groups of four: letters and digits that are not taken for each other. */
function newRecoveryCode(): string {
  const letters = new Secret({ buffer: new Uint8Array(secureRandom(RECOVERY_CODE_BYTES)).buffer }).base32.toLowerCase()
  return letters.replaceAll(/(.{4})(?=.)/g, '$1-')
}

function hashRecoveryCode(code: string): string {
  return createHash('sha256')
    .update(code.toLowerCase().replaceAll(/[^a-z\d]/g, ''))
    .digest('hex')
}
