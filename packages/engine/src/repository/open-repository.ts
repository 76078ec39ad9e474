import { hash } from 'node:crypto'
import { formatPolynomial, type Polynomial, parsePolynomial, randomPolynomial } from '../chunker/polynomial.ts'
import { compressAlways, decompress } from '../compression/zstd.ts'
import type { ScryptCost } from '../crypto/key-derivation.ts'
import { randomSealingKey, Sealer, type SealingKey } from '../crypto/sealer.ts'
import { EngineError, isEngineError } from '../errors.ts'
import { decodeConfig, encodeConfig, type RepositoryConfig } from '../format/config.ts'
import type { Id, IndexId, KeyId, LockId, SnapshotId } from '../format/ids.ts'
import { type Clock, systemClock, withTimeLimit } from '../host/clock.ts'
import { currentIdentity, type Identity } from '../host/machine.ts'
import { secureRandom } from '../host/random.ts'
import { type CallOptions, describeFile, type FileInfo, type FileKind, type FileRef, type Storage } from '../storage/storage.ts'
import { type LoadIndexOptions, loadIndex } from './index-loader.ts'
import type { IndexedRepository } from './indexed-repository.ts'
import { type AddKeyOptions, addKey, type UnlockedKey, unlockKey } from './keys.ts'
import { type LockOptions, RepositoryLock } from './locks.ts'

/** Kinds of files that hold one sealed document each. */
export type UnpackedKind = 'snapshots' | 'index' | 'locks'

/** The id that names a file of each kind. */
export interface UnpackedIds {
  readonly snapshots: SnapshotId
  readonly index: IndexId
  readonly locks: LockId
}

interface SaveUnpackedOptions<Name> extends CallOptions {
  /** Told the name before anything is stored; when it rejects, nothing is. */
  readonly onNamed?: ((name: Name) => Promise<void>) | undefined
}

export interface OpenOptions extends CallOptions {
  readonly password: string
  /** Id, or its beginning, of the key to try first. */
  readonly keyHint?: string
  /** What the password opened before: as long as its key file is there, it need not be derived, which takes a quarter of a second. */
  readonly knownKey?: UnlockedKey
  readonly clock?: Clock
  readonly identity?: Identity
}

export interface InitOptions extends OpenOptions {
  /** Format version; 2 unless an old restic must read the repository. */
  readonly version?: 1 | 2
  /** The chunker polynomial of another repository, so that copies between the two deduplicate. */
  readonly chunkerPolynomial?: Polynomial
  readonly cost?: ScryptCost
}

/** First byte of an unpacked file whose remainder is zstd; JSON begins with `{` or `[` instead. */
const COMPRESSED_DOCUMENT = 2
/** The most that the plaintext of one compressed document may have: several are read at once. restic's index files stay below 9 MiB. */
const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
/** How long an operation that failed may still take to clear up behind itself. */
const CLEANUP_TIMEOUT_MS = 5_000

/** A repository whose key is known. Documents can be read and written; blobs need the index: {@link OpenRepository.loadIndex}. */
export class OpenRepository {
  readonly storage: Storage
  readonly config: RepositoryConfig
  readonly keyId: KeyId
  readonly masterKey: SealingKey
  readonly sealer: Sealer
  readonly clock: Clock
  readonly identity: Identity

  constructor(parts: Pick<OpenRepository, 'storage' | 'config' | 'keyId' | 'masterKey' | 'clock' | 'identity'>) {
    this.storage = parts.storage
    this.config = parts.config
    this.keyId = parts.keyId
    this.masterKey = parts.masterKey
    this.clock = parts.clock
    this.identity = parts.identity
    this.sealer = new Sealer(parts.masterKey)
  }

  get location(): string {
    return this.storage.location
  }

  get chunkerPolynomial(): Polynomial {
    return parsePolynomial(this.config.chunker_polynomial)
  }

  list(kind: FileKind, options?: CallOptions): AsyncIterable<FileInfo> {
    return this.storage.list(kind, options)
  }

  /**
   * The plaintext of a document.
   * @throws {EngineError} `data.damaged`, `data.malformed`, `storage.*`.
   */
  async loadUnpacked<K extends UnpackedKind>(kind: K, id: UnpackedIds[K], options: CallOptions = {}): Promise<Buffer> {
    const file = { kind, name: id }
    const content = await this.storage.read(file, 'all', options)
    if (hash('sha256', content, 'hex') !== id) {
      throw new EngineError('data.damaged', `Cannot use ${describeFile(file)}: its content does not hash to its name`, {
        context: { file: id },
      })
    }
    try {
      return decodeDocument(this.sealer.open(content))
    } catch (error) {
      if (!isEngineError(error, 'data.damaged', 'data.malformed')) throw error
      throw new EngineError(error.code, `Cannot use ${describeFile(file)}: ${error.message}`, { cause: error, context: { file: id } })
    }
  }

  /** Stores a document and returns its id; it is durable then. */
  async saveUnpacked<K extends UnpackedKind>(
    kind: K,
    plaintext: Uint8Array,
    options: SaveUnpackedOptions<UnpackedIds[K]> = {},
  ): Promise<UnpackedIds[K]> {
    const { onNamed, ...callOptions } = options
    const content = this.sealer.seal(this.config.version === 1 ? plaintext : encodeDocument(plaintext))
    const name = hash('sha256', content, 'hex')
    await onNamed?.(name as UnpackedIds[K])
    await this.storeFile({ kind, name }, content, callOptions)
    return name as UnpackedIds[K]
  }

  /**
   * Stores a file that nothing refers to yet. When that fails the file is removed, if the storage still answers: only the answer may have
   * been lost, and a file that the caller does not know of would stay, a lock above all.
   */
  async storeFile(file: FileRef, content: Uint8Array, options: CallOptions = {}): Promise<void> {
    try {
      await this.storage.write(file, content, options)
    } catch (error) {
      await withTimeLimit(this.clock, CLEANUP_TIMEOUT_MS, (signal) => this.storage.remove(file, { signal })).catch(() => undefined)
      throw error
    }
  }

  removeFile(kind: FileKind, id: Id, options?: CallOptions): Promise<void> {
    return this.storage.remove({ kind, name: id }, options)
  }

  /** Takes a lock, shared unless told otherwise. Use with `await using`. */
  lock(options: Omit<LockOptions, 'clock' | 'identity'> = {}): Promise<RepositoryLock> {
    return RepositoryLock.acquire(this, { clock: this.clock, identity: this.identity, ...options })
  }

  /**
   * Reads all index files. List snapshots first if both are wanted: a snapshot that is listed has its index in place, one written later
   * may not.
   */
  loadIndex(options: LoadIndexOptions = {}): Promise<IndexedRepository> {
    return loadIndex(this, options)
  }
}

/**
 * Opens the repository in `storage`.
 * @throws {EngineError} `repository.missing`, `repository.password`, `repository.version`, `data.*`, `storage.*`.
 */
export async function openRepository(storage: Storage, options: OpenOptions): Promise<OpenRepository> {
  // The key derivation takes a quarter of a second on another thread: the config file is fetched meanwhile.
  const reading = readConfigFile(storage, options)
  const [key, sealedConfig] = await Promise.all([unlockKey(storage, options), reading]).catch(async (error: unknown) => {
    // Where there is no repository, a failure to list its keys is a consequence, whichever comes first.
    await reading
    throw error
  })
  const config = openConfig(storage, { sealed: sealedConfig, masterKey: key.masterKey })
  return new OpenRepository({ storage, config, keyId: key.id, masterKey: key.masterKey, ...surroundings(options) })
}

/**
 * Makes a new repository with one key.
 * @throws {EngineError} `repository.exists` when there is one already, or one that has lost its config file.
 */
export async function initRepository(storage: Storage, options: InitOptions): Promise<OpenRepository> {
  await storage.prepare(options)
  await refuseIfInitialised(storage, options)
  const config: RepositoryConfig = {
    version: options.version ?? 2,
    id: secureRandom(32).toString('hex'),
    chunker_polynomial: formatPolynomial(options.chunkerPolynomial ?? randomPolynomial()),
  }
  const { clock, identity } = surroundings(options)
  const { id: keyId, masterKey } = (await leftKey(storage, options)) ?? (await newKey(storage, { ...options, clock, identity }))
  // The config comes last: a repository without one does not count, so that an interrupted init can be repeated.
  await storage.write({ kind: 'config', name: '' }, new Sealer(masterKey).seal(encodeConfig(config)), options)
  return new OpenRepository({ storage, config, keyId, masterKey, clock, identity })
}

/** Replaces the config file, for the migration between format versions. */
export async function replaceConfig(
  repository: OpenRepository,
  config: RepositoryConfig,
  options: CallOptions = {},
): Promise<OpenRepository> {
  await repository.storage.write({ kind: 'config', name: '' }, repository.sealer.seal(encodeConfig(config)), options)
  return new OpenRepository({ ...repository, config })
}

async function refuseIfInitialised(storage: Storage, options: CallOptions): Promise<void> {
  if (await hasConfig(storage, options)) {
    throw new EngineError('repository.exists', `Cannot create a repository at ${storage.location}: there is one already`)
  }
  for await (const _snapshot of storage.list('snapshots', options)) {
    const state = 'there are snapshots of one whose config file is missing'
    throw new EngineError('repository.exists', `Cannot create a repository at ${storage.location}: ${state}`)
  }
}

async function hasConfig(storage: Storage, options: CallOptions): Promise<boolean> {
  try {
    await storage.stat({ kind: 'config', name: '' }, options)
    return true
  } catch (error) {
    if (isEngineError(error, 'storage.not-found')) return false
    throw error
  }
}

/**
 * The key of an init that was interrupted, if the password opens one. A second key for the same password would have another master key, and
 * whether the right one is tried first would be chance.
 */
async function leftKey(storage: Storage, options: InitOptions): Promise<UnlockedKey | undefined> {
  try {
    return await unlockKey(storage, options)
  } catch (error) {
    if (isEngineError(error, 'repository.password', 'repository.missing')) return undefined
    throw error
  }
}

async function newKey(storage: Storage, options: AddKeyOptions): Promise<UnlockedKey> {
  const masterKey = randomSealingKey()
  return { id: await addKey(storage, masterKey, options), masterKey }
}

async function readConfigFile(storage: Storage, options: CallOptions): Promise<Uint8Array> {
  try {
    return await storage.read({ kind: 'config', name: '' }, 'all', options)
  } catch (error) {
    if (!isEngineError(error, 'storage.not-found')) throw error
    throw new EngineError('repository.missing', `Cannot open ${storage.location}: there is no repository (no config file)`, {
      cause: error,
    })
  }
}

function openConfig(storage: Storage, parts: { readonly sealed: Uint8Array; readonly masterKey: SealingKey }): RepositoryConfig {
  try {
    return decodeConfig(decodeDocument(new Sealer(parts.masterKey).open(parts.sealed)))
  } catch (error) {
    if (!isEngineError(error, 'data.damaged', 'data.malformed')) throw error
    throw new EngineError(error.code, `Cannot open ${storage.location}: the config file is unusable: ${error.message}`, { cause: error })
  }
}

function surroundings(options: OpenOptions): { readonly clock: Clock; readonly identity: Identity } {
  return { clock: options.clock ?? systemClock, identity: options.identity ?? currentIdentity() }
}

function encodeDocument(plaintext: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(COMPRESSED_DOCUMENT), compressAlways(plaintext, 'better')])
}

function decodeDocument(plaintext: Buffer): Buffer {
  const first = plaintext[0]
  if (first === 0x7b || first === 0x5b || first === undefined) return plaintext
  if (first === COMPRESSED_DOCUMENT) return decompress(plaintext.subarray(1), { maxBytes: MAX_DOCUMENT_BYTES })
  throw new EngineError('data.malformed', `Cannot decode a document: unknown encoding ${first}`)
}
