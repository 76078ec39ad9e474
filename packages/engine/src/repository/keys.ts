import { hash } from 'node:crypto'
import { DEFAULT_SCRYPT_COST, deriveKey, type ScryptCost } from '../crypto/key-derivation.ts'
import { Sealer, type SealingKey } from '../crypto/sealer.ts'
import { EngineError, isEngineError } from '../errors.ts'
import { type KeyId, parseId } from '../format/ids.ts'
import { decodeKeyFile, decodeMasterKey, encodeKeyFile, encodeMasterKey, type KeyFile } from '../format/key-file.ts'
import { timestampFromMs } from '../format/timestamp.ts'
import type { Clock } from '../host/clock.ts'
import type { Identity } from '../host/machine.ts'
import { secureRandom } from '../host/random.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'

/** The master key of a repository and the key file that gave it. */
export interface UnlockedKey {
  readonly id: KeyId
  readonly masterKey: SealingKey
}

export interface StoredKey {
  readonly id: KeyId
  readonly file: KeyFile
}

export interface AddKeyOptions extends CallOptions {
  readonly password: string
  readonly identity: Pick<Identity, 'hostname' | 'username'>
  readonly clock: Clock
  readonly cost?: ScryptCost
}

/** restic gives up after this many keys as well, so that a storage full of key files cannot keep the CPU busy for ever. */
const MAX_KEYS_TRIED = 20

const SALT_BYTES = 64

/**
 * Finds the key file that `password` opens.
 * @param options.keyHint id, or beginning of the id, of the key to try first.
 * @param options.knownKey what it gave before. A key file has the hash of its content for a name: while it is there, it gives the same.
 * @throws {EngineError} `repository.password` when none does, `repository.missing` when there is no key file.
 */
export async function unlockKey(
  storage: Storage,
  options: CallOptions & { readonly password: string; readonly keyHint?: string; readonly knownKey?: UnlockedKey },
): Promise<UnlockedKey> {
  const names: string[] = []
  for await (const file of storage.list('keys', options)) names.push(file.name)
  if (names.length === 0) throw new EngineError('repository.missing', `Cannot open ${storage.location}: there is no repository (no keys)`)
  const { keyHint, knownKey } = options
  if (knownKey !== undefined && names.includes(knownKey.id)) return knownKey
  if (keyHint !== undefined && keyHint !== '') names.sort((a, b) => Number(b.startsWith(keyHint)) - Number(a.startsWith(keyHint)))
  let damage: unknown
  for (const name of names.slice(0, MAX_KEYS_TRIED)) {
    try {
      const masterKey = await tryKey(storage, name, options)
      if (masterKey !== undefined) return { id: name as KeyId, masterKey }
    } catch (error) {
      // One broken key file must not lock out the others.
      if (!isEngineError(error, 'data.malformed', 'data.damaged')) throw error
      damage = error
    }
  }
  throw new EngineError('repository.password', `Cannot open ${storage.location}: wrong password or no key found`, { cause: damage })
}

/** Writes a new key file that opens `masterKey` with the given password. */
export async function addKey(storage: Storage, masterKey: SealingKey, options: AddKeyOptions): Promise<KeyId> {
  const cost = options.cost ?? DEFAULT_SCRYPT_COST
  const salt = secureRandom(SALT_BYTES)
  const userKey = await deriveKey(options.password, salt, cost)
  const content = encodeKeyFile({
    created: timestampFromMs(options.clock.now()),
    username: options.identity.username,
    hostname: options.identity.hostname,
    kdf: 'scrypt',
    ...cost,
    salt,
    data: new Sealer(userKey).seal(
      encodeMasterKey({ mac: { k: Buffer.from(masterKey.macK), r: Buffer.from(masterKey.macR) }, encrypt: Buffer.from(masterKey.encrypt) }),
    ),
  })
  const name = hash('sha256', content, 'hex')
  await storage.write({ kind: 'keys', name }, content, options)
  return name as KeyId
}

/** All key files that can be understood, and the names of those that cannot. */
export async function listKeys(
  storage: Storage,
  options: CallOptions = {},
): Promise<{ readonly keys: StoredKey[]; readonly broken: string[] }> {
  const keys: StoredKey[] = []
  const broken: string[] = []
  for await (const { name } of storage.list('keys', options)) {
    try {
      keys.push({ id: name as KeyId, file: decodeKeyFile(await storage.read({ kind: 'keys', name }, 'all', options)) })
    } catch (error) {
      if (!isEngineError(error, 'data.malformed', 'data.damaged')) throw error
      broken.push(name)
    }
  }
  return { keys, broken }
}

/** Removes a key file other than the one in use. */
export async function removeKey(storage: Storage, id: KeyId, options: CallOptions & { readonly inUse: KeyId }): Promise<void> {
  if (parseId(id) === undefined) throw new EngineError('input.invalid', `Cannot remove key: "${id}" is not an id`)
  if (id === options.inUse) throw new EngineError('input.invalid', 'Cannot remove key: it is the one this repository was opened with')
  await storage.stat({ kind: 'keys', name: id }, options)
  await storage.remove({ kind: 'keys', name: id }, options)
}

async function tryKey(
  storage: Storage,
  name: string,
  options: CallOptions & { readonly password: string },
): Promise<SealingKey | undefined> {
  const content = await storage.read({ kind: 'keys', name }, 'all', options)
  const file = decodeKeyFile(content)
  const userKey = await deriveKey(options.password, file.salt, file)
  options.signal?.throwIfAborted()
  try {
    const { mac, encrypt } = decodeMasterKey(new Sealer(userKey).open(file.data))
    return { encrypt, macK: mac.k, macR: mac.r }
  } catch (error) {
    if (isEngineError(error, 'data.damaged')) return undefined
    throw error
  }
}
