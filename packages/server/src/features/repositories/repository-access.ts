import {
  currentIdentity,
  type Identity,
  initRepository,
  isEngineError,
  type KeyId,
  type OpenOptions,
  type OpenRepository,
  type OpenStorageOptions,
  openRepository,
  openStorage,
  type ParsedLocation,
  parseLocation,
  type Storage,
  type UnlockedKey,
} from '@holdfast/engine'
import type { NewRepository, StorageCredentials } from '@holdfast/protocol'
import { ServerError } from '../../errors.ts'
import type { SecretBox } from '../../secrets/secret-box.ts'
import type { StoredRepository } from './store.ts'

const PASSWORD_PURPOSE = 'repository password'
const CREDENTIALS_PURPOSE = 'storage credentials'
const KEY_PURPOSE = 'repository key'
/** Somebody waits for the answer while a place is tried: what fails for longer is told, and can be tried again. */
const TRIED_FOR_MS = 5000
/** What a place that is no repository, or none of that kind, makes the engine say. */
const WRONG_PLACE = ['storage.not-found', 'storage.range', 'storage.failed', 'storage.contract', 'data.damaged', 'data.malformed'] as const

/** How a repository is reached: what the database keeps of it sealed, opened. */
export interface RepositorySecrets {
  readonly password: string
  readonly credentials: StorageCredentials
}

/** What is known of a repository once it was opened; null where the server has no key of it. */
export interface Established {
  readonly sealedKey: string | null
  /** Of its `config`: names the repository, wherever it is reached from. */
  readonly configId: string | null
}

/** Opens repositories, and seals what that takes. */
export class RepositoryAccess {
  readonly #secrets: SecretBox

  constructor(secrets: SecretBox) {
    this.#secrets = secrets
  }

  seal({ password, credentials }: RepositorySecrets): Pick<StoredRepository, 'sealed_password' | 'sealed_credentials'> {
    return {
      sealed_password: this.#secrets.seal(password, PASSWORD_PURPOSE),
      sealed_credentials: this.#secrets.seal(JSON.stringify(credentials), CREDENTIALS_PURPOSE),
    }
  }

  unseal({ sealed_password, sealed_credentials }: StoredRepository): RepositorySecrets {
    return {
      password: this.#secrets.open(sealed_password, PASSWORD_PURPOSE),
      credentials: JSON.parse(this.#secrets.open(sealed_credentials, CREDENTIALS_PURPOSE)) as StorageCredentials,
    }
  }

  /** @throws {EngineError} `storage.*`, `repository.*`; whoever gets the repository closes its storage. */
  async open(repository: StoredRepository): Promise<OpenRepository> {
    const knownKey = this.#knownKey(repository)
    return this.openAt(parseLocation(repository.location), { ...this.unseal(repository), ...(knownKey === undefined ? {} : { knownKey }) })
  }

  /** What is to be kept of a repository that was opened; undefined where it is kept already. */
  sealNewKey(repository: StoredRepository, { keyId, masterKey }: OpenRepository): string | undefined {
    return this.#knownKey(repository)?.id === keyId ? undefined : this.#sealKey({ id: keyId, masterKey })
  }

  async openAt(
    location: ParsedLocation,
    { credentials, ...key }: RepositorySecrets & Pick<OpenOptions, 'knownKey'>,
    options: OpenStorageOptions = {},
  ): Promise<OpenRepository> {
    const storage = await openStorage(location, { ...storageOptions(credentials), ...options })
    return closingOnFailure(storage, () => openRepository(storage, { ...key, identity: serverIdentity() }))
  }

  /**
   * Makes sure that a repository is there and opens, or, where clients make it, that there can be one. Leaves it closed.
   * @throws {EngineError} of the storage and the repository, {ServerError} `request.invalid` for a place that can be none
   */
  async establish(location: ParsedLocation, options: RepositorySecrets & Pick<NewRepository, 'mode'>): Promise<Established> {
    try {
      return await this.#establish(location, options)
    } catch (error) {
      if (!isEngineError(error, ...WRONG_PLACE)) throw error
      throw new ServerError('request.invalid', error.message, { cause: error })
    }
  }

  async #establish(location: ParsedLocation, { mode, ...secrets }: RepositorySecrets & Pick<NewRepository, 'mode'>): Promise<Established> {
    const patience: OpenStorageOptions = { retry: { maxElapsedMs: TRIED_FOR_MS } }
    const tryOut = async (): Promise<Established> => {
      const { keyId: id, masterKey, config, storage } = await this.openAt(location, secrets, patience)
      await storage.close()
      return { sealedKey: this.#sealKey({ id, masterKey }), configId: config.id }
    }
    if (mode === 'adopt') return tryOut()
    const storage = await openStorage(location, { ...storageOptions(secrets.credentials), ...patience })
    const { password } = secrets
    await closingOnFailure(storage, async () => {
      if (mode === 'client') await storage.prepare()
      else await initRepository(storage, { password })
    })
    await storage.close()
    return mode === 'create' ? tryOut() : { sealedKey: null, configId: null }
  }

  #sealKey({ id, masterKey: { encrypt, macK, macR } }: UnlockedKey): string {
    const parts = [encrypt, macK, macR].map((part) => Buffer.from(part).toString('base64'))
    return this.#secrets.seal(JSON.stringify([id, ...parts]), KEY_PURPOSE)
  }

  #knownKey({ sealed_key: sealed }: StoredRepository): UnlockedKey | undefined {
    if (sealed === null) return undefined
    const [id, ...parts] = JSON.parse(this.#secrets.open(sealed, KEY_PURPOSE)) as readonly [KeyId, ...string[]]
    const [encrypt, macK, macR] = parts.map((part) => Buffer.from(part, 'base64'))
    return encrypt && macK && macR && { id, masterKey: { encrypt, macK, macR } }
  }

  /** The bare storage, for clients that bring their own key. */
  async openStorageOf(repository: StoredRepository): Promise<Storage> {
    return openStorage(parseLocation(repository.location), storageOptions(this.unseal(repository).credentials))
  }
}

/**
 * As whom the server locks. Its host has a name that no client's has: by it, locks of server processes of this machine that are gone are
 * told from those of clients whose machines happen to be called the same, which are at work.
 */
function serverIdentity(): Identity {
  const identity = currentIdentity()
  return { ...identity, hostname: `holdfast@${identity.hostname}` }
}

/** A location as it may be stored and shown. @throws {ServerError} `request.invalid` for one with a password in it or a relative folder. */
export function checkLocation(text: string): ParsedLocation {
  const location = parseLocation(text)
  if (/\/\/[^/@]*:[^/@]*@/.test(text)) {
    throw new ServerError(
      'request.invalid',
      'Cannot use the location: give user and password as credentials, they would be shown otherwise',
    )
  }
  if (location.scheme === 'local' && !location.folder.startsWith('/')) {
    throw new ServerError('request.invalid', 'Cannot use the location: the folder must be absolute')
  }
  return location
}

function storageOptions(credentials: StorageCredentials): OpenStorageOptions {
  const { accessKeyId, secretAccessKey, sessionToken, region, username, password, privateKey, knownHosts } = credentials
  const keys = accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey, sessionToken }
  return {
    s3: { credentials: keys, region },
    rest: { username, password },
    sftp: { username, password, knownHosts, privateKeys: privateKey === undefined ? [] : [privateKey] },
  }
}

async function closingOnFailure<Result>(storage: Storage, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action()
  } catch (error) {
    await storage.close()
    throw error
  }
}
