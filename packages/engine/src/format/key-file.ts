import { goString } from './go-json.ts'
import { malformed, parseJson, StoredObject } from './stored-json.ts'
import type { Timestamp } from './timestamp.ts'

/** Parameters of scrypt: cost, block size, parallelisation. The memory it takes is 128 * N * r bytes, the time grows with N * r * p. */
export interface ScryptParameters {
  readonly N: number
  readonly r: number
  readonly p: number
}

/** A key file, which is stored unencrypted: the master keys, encrypted under a password. Field names as stored. */
export interface KeyFile extends ScryptParameters {
  readonly created: Timestamp
  readonly username: string
  readonly hostname: string
  readonly kdf: 'scrypt'
  readonly salt: Uint8Array
  /** The encrypted {@link MasterKeyJson}: nonce, ciphertext, MAC. */
  readonly data: Uint8Array
}

/** The keys of a repository as the JSON that a key file's `data` holds encrypted. */
export interface MasterKeyJson {
  readonly mac: {
    /** AES-128 key of the MAC, 16 bytes. */
    readonly k: Uint8Array
    /** Poly1305 key, 16 bytes. */
    readonly r: Uint8Array
  }
  /** AES-256 key, 32 bytes. */
  readonly encrypt: Uint8Array
}

/** Bytes of the salt; restic refuses any other number. */
const SALT_SIZE = 64

/** The most memory that a key file may make scrypt take. restic's own keys take 32 MiB, with its calibration at most 60 MiB. */
export const SCRYPT_MEMORY_MAX_BYTES: number = 1024 ** 3

/** The most work (N * r * p) that a key file may ask for: 16 times that of filling the greatest memory once, about a minute. */
const SCRYPT_WORK_MAX = (16 * SCRYPT_MEMORY_MAX_BYTES) / 128

/** Master keys take 150 bytes encrypted; what is longer by far is no key. */
const DATA_SIZE_MAX = 64 * 1024
const ENCRYPTION_OVERHEAD = 32

const WHAT = 'key file'
const MASTER_KEY = 'master key'

/** A key file, as restic writes it. */
export function encodeKeyFile(key: KeyFile): Buffer {
  const { created, username, hostname, kdf, N, r, p, salt, data } = key
  const who = `"created":"${created}","username":${goString(username)},"hostname":${goString(hostname)}`
  const secret = `"salt":"${base64(salt)}","data":"${base64(data)}"`
  return Buffer.from(`{${who},"kdf":"${kdf}","N":${N},"r":${r},"p":${p},${secret}}`, 'utf8')
}

/**
 * Reads a key file. Whoever can write to the storage can write key files, so the work they ask for is bounded here.
 *
 * @throws EngineError `data.malformed`, also where scrypt would take more than {@link SCRYPT_MEMORY_MAX_BYTES} of memory or
 *   would be busy for about a minute
 */
export function decodeKeyFile(bytes: Uint8Array): KeyFile {
  const fields = new StoredObject(parseJson(bytes, WHAT), WHAT)
  const kdf = fields.text('kdf')
  if (kdf !== 'scrypt') throw malformed(WHAT, 'kdf is not scrypt')
  const parameters = { N: fields.count('N'), r: fields.count('r'), p: fields.count('p') }
  checkParameters(parameters)
  const [salt, data] = [fields.bytes('salt'), fields.bytes('data')]
  if (salt.length !== SALT_SIZE) throw malformed(WHAT, `salt is not ${SALT_SIZE} bytes long`)
  if (data.length < ENCRYPTION_OVERHEAD || data.length > DATA_SIZE_MAX) throw malformed(WHAT, `data is ${data.length} bytes long`)
  return {
    created: fields.timestamp('created'),
    username: fields.optionalText('username') ?? '',
    hostname: fields.optionalText('hostname') ?? '',
    kdf,
    ...parameters,
    salt,
    data,
  }
}

/** The plaintext of master keys, as restic writes it. */
export function encodeMasterKey({ mac, encrypt }: MasterKeyJson): Buffer {
  return Buffer.from(`{"mac":{"k":"${base64(mac.k)}","r":"${base64(mac.r)}"},"encrypt":"${base64(encrypt)}"}`, 'latin1')
}

/**
 * Reads the plaintext of master keys.
 *
 * @throws EngineError `data.malformed`, also for keys that are all zeros, which restic refuses too
 */
export function decodeMasterKey(bytes: Uint8Array): MasterKeyJson {
  const fields = new StoredObject(parseJson(bytes, MASTER_KEY), MASTER_KEY)
  const mac = fields.object('mac')
  const key = { mac: { k: mac.bytes('k'), r: mac.bytes('r') }, encrypt: fields.bytes('encrypt') }
  checkKey(key.mac.k, 16)
  checkKey(key.mac.r, 16)
  checkKey(key.encrypt, 32)
  return key
}

function checkParameters({ N, r, p }: ScryptParameters): void {
  if (N < 2 || !Number.isInteger(Math.log2(N)) || r < 1 || p < 1) throw malformed(WHAT, 'its scrypt parameters do not exist')
  if (128 * N * r > SCRYPT_MEMORY_MAX_BYTES) throw malformed(WHAT, `scrypt with N=${N}, r=${r} would take more than 1 GiB of memory`)
  if (N * r * p > SCRYPT_WORK_MAX) throw malformed(WHAT, `scrypt with N=${N}, r=${r}, p=${p} would take too long`)
}

function checkKey(key: Buffer, sizeBytes: number): void {
  if (key.length !== sizeBytes) throw malformed(MASTER_KEY, `a key is not ${sizeBytes} bytes long`)
  if (key.every((byte) => byte === 0)) throw malformed(MASTER_KEY, 'a key is all zeros')
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
