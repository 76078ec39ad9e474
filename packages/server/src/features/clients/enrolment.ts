import { createHash } from 'node:crypto'
import { type Clock, secureRandom } from '@holdfast/engine'
import type { Enrol, Enrolled, Enrolment, Machine, Register } from '@holdfast/protocol'
import { ServerError } from '../../errors.ts'
import type { UserActor } from '../../http/actor.ts'
import { newToken } from '../../secrets/tokens.ts'
import type { Visitor } from '../accounts/sessions.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import type { AgentTokenStore } from './agent-token-store.ts'
import type { Clients } from './clients.ts'
import type { AgentClient, ClientStore, StoredClient } from './store.ts'

/** Easy to read aloud and to type: no 0, O, 1, I, L. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'
/** 80 bits: nobody guesses one in the hour that it lives. */
const CODE_LENGTH = 16
const CODE_LIFETIME_MS = 24 * 3_600_000
/** After so long an agent that may do nothing asks whether it may again. */
const ASK_AGAIN_SECONDS = 120
/** Not every ping shall write. */
const TOUCH_EVERY_MS = 10_000

export interface EnrolmentOptions {
  readonly store: ClientStore
  readonly tokens: Pick<AgentTokenStore, 'set'>
  readonly clients: Clients
  readonly accounts: {
    /** @throws {ServerError} when user name, password or code do not fit. */
    verify(login: Pick<Register, 'username' | 'password' | 'code'>, visitor: Visitor): Promise<UserActor>
  }
  readonly audit: Audit
  readonly clock: Clock
  readonly publicUrl: string
}

/** How agents come in. */
export class Enrolments {
  readonly #options: EnrolmentOptions

  constructor(options: EnrolmentOptions) {
    this.#options = options
  }

  /** Makes a code by which one agent becomes this client's, within a day. `origin.url` is used where no public URL is set. */
  async createCode(
    actor: UserActor,
    { clientId, url }: { readonly clientId: number; readonly url: string },
    origin: Origin,
  ): Promise<Enrolment> {
    const { clients, store, clock, audit, publicUrl } = this.#options
    await clients.visible(actor, clientId)
    const code = newCode()
    const now = clock.now()
    await store.addCode({ client_id: clientId, code_hash: hashCode(code), created_at: now, expires_at: now + CODE_LIFETIME_MS })
    await audit.record(origin, { action: 'client.code-created', subject: `client ${clientId}` })
    const command = `holdfast agent enrol ${publicUrl === '' ? url : publicUrl} ${code}`
    return { code, expiresAt: new Date(now + CODE_LIFETIME_MS).toISOString(), command }
  }

  /** Exchanges a code for a token; a token that the client had before ends. @throws {ServerError} `auth.failed` */
  async enrol({ code, machine }: Enrol, origin: Origin): Promise<Enrolled> {
    const { store, clients, clock } = this.#options
    const clientId = await store.redeemCode(hashCode(code), clock.now())
    if (clientId === undefined) throw new ServerError('auth.failed', 'Cannot enrol: the code is wrong, was used, or has expired')
    return this.#issue(await clients.byId(clientId), { machine, origin, action: 'client.enrolled' })
  }

  /**
   * Brings an agent in by its user's password: as a new client, or as one of that name that has no token yet.
   * @throws {ServerError} `auth.failed` and its like; `request.conflict` when an agent of that name is in already.
   */
  async register(request: Register, { visitor, origin }: { readonly visitor: Visitor; readonly origin: Origin }): Promise<Enrolled> {
    const { accounts, clients, store } = this.#options
    const actor = await accounts.verify(request, visitor)
    if (actor.role === 'viewer') throw new ServerError('auth.forbidden', 'Cannot register a machine: it takes the role operator')
    const owned: Origin = { ...origin, actor }
    const existing = await store.find({ name: request.clientName, ownerId: actor.userId })
    const client = existing ?? (await clients.createFor(actor.userId, { name: request.clientName, settings: undefined }, owned))
    if (client.token_hash !== null) {
      throw new ServerError(
        'request.conflict',
        `Cannot register ${request.clientName}: there is an agent of that name; enrol it again by a code`,
      )
    }
    return this.#issue(client, { machine: request.machine, origin: owned, action: 'client.registered' })
  }

  /** Gives a client a new token for somebody to carry there; the old one ends at once. */
  async rotate(client: Pick<StoredClient, 'id'>, origin: Origin): Promise<string> {
    const { token, hash } = newToken('agent')
    await this.#options.tokens.set(client.id, hash, this.#options.clock.now())
    await this.#options.audit.record(origin, { action: 'client.token-rotated', subject: `client ${client.id}` })
    return token
  }

  /** Ends the token of a client, and its codes. */
  async revoke(actor: UserActor, clientId: number, origin: Origin): Promise<void> {
    await this.#options.clients.visible(actor, clientId)
    await this.#options.tokens.set(clientId, null, this.#options.clock.now())
    await this.#options.store.withdrawCodes(clientId)
    await this.#options.audit.record(origin, { action: 'client.token-revoked', subject: `client ${clientId}` })
  }

  /** Notes that an agent was heard of, and what it says of its machine. */
  async heard(clientId: number, machine: Machine | undefined): Promise<void> {
    const { clients, store, clock } = this.#options
    const client = await clients.byId(clientId)
    const now = clock.now()
    const said = machine === undefined ? undefined : columnsOf(machine)
    const isSame =
      said === undefined ||
      (client.hostname === said.hostname &&
        client.version === said.version &&
        client.platform === said.platform &&
        client.policy === said.policy)
    if (isSame && client.last_ping_at !== null && now - client.last_ping_at < TOUCH_EVERY_MS) return
    await store.change(clientId, { last_ping_at: now, ...said })
  }

  async #issue(
    client: StoredClient,
    { machine, origin, action }: { readonly machine: Machine; readonly origin: Origin; readonly action: string },
  ): Promise<Enrolled> {
    const { store, tokens, audit, clock } = this.#options
    const { token, hash } = newToken('agent')
    await tokens.set(client.id, hash, clock.now())
    await store.change(client.id, { last_ping_at: clock.now(), ...columnsOf(machine) })
    await audit.record(origin, { action, subject: `client ${client.id}`, detail: { hostname: machine.hostname } })
    return { clientId: client.id, clientName: client.name, token, pagePath: `/clients/${client.id}` }
  }
}

/** What is kept of a machine. One that does not say what its owner allows may have said so before: that counts no more. */
function columnsOf({ hostname, platform, version, policy }: Machine): Pick<StoredClient, 'hostname' | 'platform' | 'version' | 'policy'> {
  return { hostname, platform, version, policy: policy === undefined ? null : JSON.stringify(policy) }
}

/** What a client is told that may do nothing for now. It need not ask often. */
export function disabledClient(client: Pick<AgentClient, 'name' | 'is_disabled' | 'owner_name'>): ServerError {
  const state =
    client.is_disabled === 1 ? 'the client is disabled' : `the user ${client.owner_name}, whom the client belongs to, is disabled`
  return new ServerError('client.disabled', `Cannot work for ${client.name}: ${state}`, { retryAfterSeconds: ASK_AGAIN_SECONDS })
}

/** Four groups of four letters and digits. */
function newCode(): string {
  // 248 is the largest multiple of 31 that fits into a byte: every character is as likely as the others.
  const characters: string[] = []
  while (characters.length < CODE_LENGTH) {
    for (const byte of secureRandom(32)) if (byte < 248) characters.push(ALPHABET[byte % ALPHABET.length] ?? '')
  }
  return characters
    .slice(0, CODE_LENGTH)
    .join('')
    .replaceAll(/(.{4})(?=.)/g, '$1-')
}

/** People type codes with or without dashes, in any case. */
function hashCode(code: string): string {
  return createHash('sha256')
    .update(code.toUpperCase().replaceAll(/[^0-9A-Z]/g, ''))
    .digest('hex')
}
