import { join } from 'node:path'
import {
  type BlobId,
  type Clock,
  type IndexedRepository,
  isEngineError,
  type OpenRepository,
  parseLocation,
  type Storage,
  secureRandom,
} from '@holdfast/engine'
import type { ChangeRepository, NewRepository, RepositoryStatisticsView, RepositoryView, StorageCredentials } from '@holdfast/protocol'
import type { Settings } from '../../config/settings.ts'
import { notFound, ServerError } from '../../errors.ts'
import { type Audit, type Origin, SERVER_ORIGIN } from '../audit/audit.ts'
import { lockPastStale } from './lock-past-stale.ts'
import { RepositoryReaders } from './readers.ts'
import { recoveryKit } from './recovery-kit.ts'
import { checkLocation, type RepositoryAccess } from './repository-access.ts'
import type { RepositoryHosts } from './repository-host.ts'
import type { RepositoryStore, StoredRepository } from './store.ts'

const PASSWORD_BYTES = 24
const DEFAULT_NAME = 'default'
/** How long uploads may go on before somebody who needs the repository alone ends them. */
const PAUSE_GRACE_MS = 30_000

export interface RepositoriesOptions {
  readonly store: RepositoryStore
  readonly access: RepositoryAccess
  readonly hosts: RepositoryHosts
  readonly audit: Audit
  readonly clock: Clock
  readonly settings: Settings
}

/** The repositories that the server looks after. */
export class Repositories {
  readonly #options: RepositoriesOptions
  readonly #readers: RepositoryReaders
  #making: Promise<StoredRepository> | undefined

  constructor(options: RepositoriesOptions) {
    this.#options = options
    this.#readers = new RepositoryReaders((id) => this.open(id), options.clock)
  }

  async list(): Promise<RepositoryView[]> {
    return (await this.#options.store.list()).map(toView)
  }

  /** The folders of this machine that hold repositories. */
  async folders(): Promise<readonly string[]> {
    const places = (await this.#options.store.list()).map(({ location }) => parseLocation(location))
    return places.flatMap((place) => (place.scheme === 'local' ? [place.folder] : []))
  }

  async get(id: number): Promise<RepositoryView> {
    return toView(await this.byId(id))
  }

  /** @throws {ServerError} `not-found` */
  async byId(id: number): Promise<StoredRepository> {
    const repository = await this.#options.store.find({ id })
    if (repository === undefined) throw notFound(`the repository ${id}`)
    return repository
  }

  /** @throws {ServerError} `not-found` */
  async byName(name: string): Promise<StoredRepository> {
    const repository = await this.#options.store.find({ name })
    if (repository === undefined) throw notFound(`the repository ${name}`)
    return repository
  }

  /**
   * Makes a repository or takes one over.
   * @throws {ServerError} `request.conflict` when the name is taken or the repository is there already, `request.invalid` when the password
   * of one to take over is missing; {EngineError} what opening says of location, credentials and password.
   */
  async add(repository: NewRepository, origin: Origin): Promise<RepositoryView> {
    const { store, audit } = this.#options
    if ((await store.find({ name: repository.name })) !== undefined) throw nameTaken(repository.name)
    const added = await this.#add(repository)
    await audit.record(origin, {
      action: repository.mode === 'adopt' ? 'repository.adopted' : 'repository.created',
      subject: `repository ${added.id}`,
      detail: { name: added.name, location: added.location },
    })
    return toView(added)
  }

  /** @throws {ServerError} `request.conflict`; {EngineError} what opening says of new credentials. */
  async change(id: number, changes: ChangeRepository, origin: Origin): Promise<RepositoryView> {
    const repository = await this.byId(id)
    const { store, audit } = this.#options
    if (changes.name !== undefined && changes.name !== repository.name && (await store.find({ name: changes.name })) !== undefined) {
      throw nameTaken(changes.name)
    }
    if (changes.isDefault === true) demandKey(repository)
    const sealed = changes.credentials === undefined ? {} : await this.#sealTried(repository, changes.credentials)
    await store.change(id, {
      ...sealed,
      name: changes.name ?? repository.name,
      is_default: changes.isDefault === true ? 1 : repository.is_default,
    })
    await audit.record(origin, { action: 'repository.changed', subject: `repository ${id}`, detail: { changed: Object.keys(changes) } })
    return this.get(id)
  }

  /** Forgets a repository; its data stays where it is. @throws {ServerError} `request.conflict` while plans use it. */
  async remove(id: number, origin: Origin): Promise<void> {
    const { name } = await this.byId(id)
    const { store, audit } = this.#options
    const plans = await store.countPlans(id)
    if (plans > 0) throw new ServerError('request.conflict', `Cannot remove the repository ${name}: ${plans} plans use it`)
    await store.remove(id)
    await audit.record(origin, { action: 'repository.removed', subject: `repository ${id}`, detail: { name } })
  }

  /** Whether there is a repository of plans that name none. */
  async hasDefault(): Promise<boolean> {
    return (await this.defaultId()) !== null
  }

  /** The number of the repository of plans that name none; null while there is none. */
  async defaultId(): Promise<number | null> {
    return (await this.#options.store.find({ isDefault: true }))?.id ?? null
  }

  /** Where {@link ensureDefault} makes it. */
  get proposedLocation(): string {
    const { data, s3Bucket, s3Endpoint } = this.#options.settings
    const endpoint = (s3Endpoint === '' ? 'https://s3.amazonaws.com' : s3Endpoint).replace(/\/$/, '')
    return s3Bucket === '' ? join(data, 'repository') : `s3:${endpoint}/${s3Bucket}/holdfast`
  }

  /** The repository of plans that name none. The first call makes it: in the bucket of the settings, or in the data folder. */
  async ensureDefault(): Promise<StoredRepository> {
    const existing = await this.#options.store.find({ isDefault: true })
    if (existing !== undefined) return existing
    this.#making ??= this.#makeDefault().finally(() => {
      this.#making = undefined
    })
    return this.#making
  }

  /** Opens a repository. Whoever gets it closes its storage. @throws {ServerError} `request.conflict` where only clients have the key. */
  async open(id: number): Promise<OpenRepository> {
    const { access, store } = this.#options
    const stored = await this.withKey(id)
    const repository = await access.open(stored)
    const sealedKey = access.sealNewKey(stored, repository)
    try {
      if (sealedKey !== undefined) await store.keepKey(id, sealedKey)
      if (stored.config_id === null) await store.keepConfigId(id, repository.config.id)
      return repository
    } catch (error) {
      await repository.storage.close()
      throw error
    }
  }

  async openStorage(repository: StoredRepository): Promise<Storage> {
    return this.#options.access.openStorageOf(repository)
  }

  /** A repository to read from, whose index names `tree`: a snapshot may be younger than the index that is in memory. */
  async read(id: number, { tree }: { readonly tree: BlobId }): Promise<IndexedRepository> {
    const { generation } = await this.byId(id)
    return this.#readers.read(id, { tree, generation })
  }

  /**
   * Runs `action` while nobody else uses the repository, under an exclusive lock. Uploads into it end if they take too long.
   * @throws {ServerError} `request.conflict` when somebody else has it locked for too long
   */
  async alter<Result>(id: number, action: (repository: OpenRepository, signal: AbortSignal) => Promise<Result>): Promise<Result> {
    await this.byId(id)
    await using _pause = await this.#options.hosts.of(id).pause({ graceMs: PAUSE_GRACE_MS })
    try {
      return await this.#locked(id, { exclusive: true, action })
    } finally {
      await this.#options.store.raiseGeneration(id)
      await this.#readers.drop(id)
    }
  }

  /**
   * Runs `action` while nobody takes anything away from the repository; others may add to it.
   * @throws {ServerError} `request.conflict` when somebody has it locked alone for too long
   */
  async share<Result>(id: number, action: (repository: OpenRepository, signal: AbortSignal) => Promise<Result>): Promise<Result> {
    return this.#locked(id, { exclusive: false, action })
  }

  /** Whether this process takes uploads into the repository now. */
  isInUse(id: number): boolean {
    return this.#options.hosts.of(id).isInUse
  }

  /** @throws {ServerError} `not-found`; `request.conflict` where only clients have the key. */
  async withKey(id: number): Promise<StoredRepository> {
    return demandKey(await this.byId(id))
  }

  /** Closes what is open. */
  async close(): Promise<void> {
    await this.#readers.close()
  }

  async recoveryKit(id: number, origin: Origin): Promise<string> {
    const repository = await this.withKey(id)
    await this.#options.audit.record(origin, {
      action: 'repository.recovery-kit',
      subject: `repository ${id}`,
      detail: { name: repository.name },
    })
    return recoveryKit(repository, this.#options.access.unseal(repository))
  }

  async #locked<Result>(
    id: number,
    {
      exclusive,
      action,
    }: { readonly exclusive: boolean; readonly action: (repository: OpenRepository, signal: AbortSignal) => Promise<Result> },
  ): Promise<Result> {
    const repository = await this.open(id)
    try {
      await using lock = await lockPastStale(repository, { exclusive, retryForMs: PAUSE_GRACE_MS })
      return await action(repository, lock.signal)
    } catch (error) {
      if (!isEngineError(error, 'repository.locked')) throw error
      throw new ServerError('request.conflict', error.message, { cause: error })
    } finally {
      await repository.storage.close()
    }
  }

  async #add({ name, location, credentials, password, mode, isDefault }: NewRepository): Promise<StoredRepository> {
    const { access, store, clock } = this.#options
    const parsed = checkLocation(location)
    if (mode === 'adopt' && password === undefined)
      throw new ServerError('request.invalid', 'Cannot take the repository over: its password is missing')
    if (mode === 'client' && (isDefault || password !== undefined))
      throw new ServerError('request.invalid', 'Cannot add the repository: one of clients has a password of theirs, and is not the default')
    const generated = mode === 'client' ? '' : secureRandom(PASSWORD_BYTES).toString('base64url')
    const secrets = { password: password ?? generated, credentials }
    const { sealedKey, configId } = await access.establish(parsed, { ...secrets, mode })
    const same = configId === null ? undefined : await store.find({ configId })
    if (same !== undefined) throw alreadyThere(same)
    const added = await store.add({
      name,
      kind: parsed.scheme,
      location,
      ...access.seal(secrets),
      sealed_key: sealedKey,
      config_id: configId,
      has_key: mode === 'client' ? 0 : 1,
      is_default: mode !== 'client' && (isDefault || (await store.find({ isDefault: true })) === undefined) ? 1 : 0,
      maintenance: '{}',
      statistics: null,
      created_at: clock.now(),
    })
    if (added !== undefined) return added
    const meanwhile = configId === null ? undefined : await store.find({ configId })
    throw meanwhile === undefined ? nameTaken(name) : alreadyThere(meanwhile)
  }

  /** Credentials that open nothing, or another repository, are not taken: whoever enters them is still there to put them right. */
  async #sealTried(
    repository: StoredRepository,
    credentials: StorageCredentials,
  ): Promise<Pick<StoredRepository, 'sealed_password' | 'sealed_credentials'>> {
    const { access } = this.#options
    const secrets = { ...access.unseal(repository), credentials }
    const mode = repository.has_key === 1 ? 'adopt' : 'client'
    const { configId } = await access.establish(checkLocation(repository.location), { ...secrets, mode })
    if (repository.config_id !== null && configId !== null && configId !== repository.config_id) {
      throw new ServerError('request.conflict', `Cannot take the credentials: with them, another repository is at ${repository.location}`)
    }
    return access.seal(secrets)
  }

  async #makeDefault(): Promise<StoredRepository> {
    const { settings, audit } = this.#options
    const { s3Bucket, s3AccessKeyId, s3SecretAccessKey, s3Region } = settings
    const credentials: StorageCredentials =
      s3Bucket === ''
        ? {}
        : { accessKeyId: s3AccessKeyId, secretAccessKey: s3SecretAccessKey, ...(s3Region === '' ? {} : { region: s3Region }) }
    const location = this.proposedLocation
    const added = await this.#add({ name: DEFAULT_NAME, location, credentials, mode: 'create', isDefault: true })
    await audit.record(SERVER_ORIGIN, { action: 'repository.created', subject: `repository ${added.id}`, detail: { location } })
    return added
  }
}

function nameTaken(name: string): ServerError {
  return new ServerError('request.conflict', `Cannot call a repository ${name}: there is one of that name`, {
    fields: [{ path: '/name', message: 'there is one of that name', reason: 'taken' }],
  })
}

/** Twice, it would be counted twice, and what is pinned in one could be forgotten in the other. */
function alreadyThere({ name, location }: StoredRepository): ServerError {
  return new ServerError(
    'request.conflict',
    `Cannot add the repository: it is there already, as ${name} at ${location}, or this is a copy of it`,
    {
      fields: [{ path: '/location', message: `it is there already, as ${name}`, reason: 'there-already' }],
    },
  )
}

/** Gives the repository back. @throws {ServerError} `request.conflict` when only its clients have the key. */
function demandKey(repository: StoredRepository): StoredRepository {
  if (repository.has_key === 1) return repository
  throw new ServerError('request.conflict', `Cannot use the repository ${repository.name}: only its clients have the password`)
}

function toView({ id, name, kind, location, is_default, has_key, statistics, created_at }: StoredRepository): RepositoryView {
  return {
    id,
    name,
    kind,
    location,
    isDefault: is_default === 1,
    hasKey: has_key === 1,
    statistics: statistics === null ? null : (JSON.parse(statistics) as RepositoryStatisticsView),
    createdAt: new Date(created_at).toISOString(),
  }
}
