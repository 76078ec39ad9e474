import type { Clock, FileInfo, FileKind } from '@holdfast/engine'
import type { GrantResticAccess, ResticAccessView, ResticPassword } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import type { UserActor } from '../../http/actor.ts'
import { hashToken, newToken } from '../../secrets/tokens.ts'
import type { Audit, Origin } from '../audit/audit.ts'
import { disabledClient } from '../clients/enrolment.ts'
import type { StoredRepository } from '../repositories/store.ts'
import { LoginThrottle } from './login-throttle.ts'
import { ResticLedger } from './restic-ledger.ts'
import type { NamedResticAccess, ResticAccessStore, ResticClient, StoredResticAccess } from './store.ts'

export interface ResticAccessOptions {
  readonly store: ResticAccessStore
  readonly clients: {
    /** @throws {ServerError} `not-found` for clients of others. */
    visible(actor: UserActor, id: number): Promise<{ readonly id: number; readonly name: string }>
  }
  readonly repositories: {
    /** @throws {ServerError} `not-found` */
    byId(id: number): Promise<{ readonly name: string }>
  }
  readonly audit: Audit
  readonly clock: Clock
  /** Told when a snapshot has come. */
  readonly onArrival: () => void
  /** Told when a snapshot has gone. */
  readonly onGone: () => void
}

/** A client and a repository of it. */
export interface ResticPair {
  readonly clientId: number
  readonly repositoryId: number
}

/** A repository that a client may use. */
export interface OpenedDoor {
  readonly repository: StoredRepository
  readonly access: StoredResticAccess
}

/** Which clients may use which repositories by restic's own protocol, and how they sign in there. */
export class ResticAccess {
  readonly #options: ResticAccessOptions
  readonly #throttle: LoginThrottle
  readonly #counted = new Map<number, number>()

  constructor(options: ResticAccessOptions) {
    this.#options = options
    this.#throttle = new LoginThrottle(options.clock)
  }

  async get(actor: UserActor, clientId: number): Promise<ResticAccessView> {
    const { store, clients } = this.#options
    await clients.visible(actor, clientId)
    const [hasPassword, accesses] = await Promise.all([store.hasPassword(clientId), store.list(clientId)])
    return { hasPassword, repositories: accesses.map(toView) }
  }

  /** Gives a client a password; the one before ends at once. */
  async createPassword(actor: UserActor, clientId: number, origin: Origin): Promise<ResticPassword> {
    const { store, clients, audit, clock } = this.#options
    const { name } = await clients.visible(actor, clientId)
    const { token, hash } = newToken('restic')
    await store.setPassword(clientId, { tokenHash: hash, now: clock.now() })
    await audit.record(origin, { action: 'client.restic-password-created', subject: `client ${clientId}` })
    return { username: name, password: token }
  }

  async revokePassword(actor: UserActor, clientId: number, origin: Origin): Promise<void> {
    const { store, clients, audit } = this.#options
    await clients.visible(actor, clientId)
    await store.removePassword(clientId)
    await audit.record(origin, { action: 'client.restic-password-revoked', subject: `client ${clientId}` })
  }

  /** Lets a client use a repository, or changes what it may do there. */
  async grant(
    actor: UserActor,
    { clientId, repositoryId, isFull, quotaBytes }: ResticPair & GrantResticAccess,
    origin: Origin,
  ): Promise<ResticAccessView> {
    const { store, clients, repositories, audit, clock } = this.#options
    await clients.visible(actor, clientId)
    await repositories.byId(repositoryId)
    const row = { client_id: clientId, repository_id: repositoryId, is_full: isFull ? 1 : 0, quota_bytes: quotaBytes }
    await store.grant(row, { now: clock.now() })
    await audit.record(origin, {
      action: 'client.restic-access-granted',
      subject: `client ${clientId}`,
      detail: { repositoryId, isFull, quotaBytes },
    })
    return this.get(actor, clientId)
  }

  /** Ends what a client may do in a repository; what it has brought stays there. */
  async withdraw(actor: UserActor, { clientId, repositoryId }: ResticPair, origin: Origin): Promise<void> {
    const { store, clients, audit } = this.#options
    await clients.visible(actor, clientId)
    await store.withdraw(clientId, repositoryId)
    await audit.record(origin, { action: 'client.restic-access-withdrawn', subject: `client ${clientId}`, detail: { repositoryId } })
  }

  /**
   * Who is behind an `Authorization` header of the form Basic.
   * @throws {ServerError} `auth.required`, `auth.failed`, `request.too-many`, `client.disabled`
   */
  async signIn(header: string | undefined, address: string): Promise<ResticClient> {
    const login = parseBasic(header)
    if (login === undefined)
      throw new ServerError('auth.required', 'Cannot do this: sign in with the name and the restic password of a client')
    this.#throttle.demand(address, login.username)
    const client = await this.#options.store.clientOf(hashToken(login.password))
    if (client !== undefined && client.name === login.username) {
      if (client.is_disabled === 1 || client.owner_disabled === 1) throw disabledClient(client)
      return client
    }
    this.#throttle.failed(address, login.username)
    throw new ServerError('auth.failed', 'Cannot sign in: the name of the client or its restic password is wrong')
  }

  /** The repository of that name, if the client may use it. @throws {ServerError} `not-found` */
  async enter(client: ResticClient, repositoryName: string): Promise<OpenedDoor> {
    const door = await this.#options.store.accessTo(client.id, repositoryName)
    if (door === undefined) throw notFound('the repository')
    return door
  }

  /** What the client has brought into the repository. */
  ledgerOf(access: StoredResticAccess, options: { readonly list: (kind: FileKind) => AsyncIterable<FileInfo> }): ResticLedger {
    return new ResticLedger({ ...this.#options, ...options, access, counted: this.#counted })
  }
}

/** The password has no colon, the name may have some. */
function parseBasic(header: string | undefined): { readonly username: string; readonly password: string } | undefined {
  const encoded = /^basic +([\w+/=-]{1,2000})$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.lastIndexOf(':')
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

function toView({
  repository_id,
  repository_name,
  is_full,
  quota_bytes,
  used_bytes,
}: NamedResticAccess): ResticAccessView['repositories'][number] {
  return {
    repositoryId: repository_id,
    repositoryName: repository_name,
    path: `/restic/${encodeURIComponent(repository_name)}/`,
    isFull: is_full === 1,
    quotaBytes: quota_bytes,
    usedBytes: used_bytes,
  }
}
