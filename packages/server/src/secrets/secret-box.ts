import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto'
import { secureRandom } from '@holdfast/engine'
import { ServerError } from '../errors.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const VERSION = 'v1'

/** Seals secrets before they go into the database: AES-256-GCM under a key that is derived from the master key. */
export class SecretBox {
  readonly #key: Buffer

  /** @param masterKey at least 32 bytes that nobody can guess */
  constructor(masterKey: Buffer) {
    if (masterKey.length < KEY_BYTES) throw new ServerError('settings.invalid', 'Cannot use the master key: it is shorter than 32 bytes')
    this.#key = Buffer.from(hkdfSync('sha256', masterKey, '', 'holdfast secrets', KEY_BYTES))
  }

  /** Seals text. `purpose` is bound to it, so that it cannot be moved to where another secret is expected. */
  seal(text: string, purpose: string): string {
    const nonce = secureRandom(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(purpose))
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return [VERSION, nonce.toString('base64url'), sealed.toString('base64url')].join('.')
  }

  /** Opens what {@link seal} gave. @throws {ServerError} `secrets.sealed` when it was sealed otherwise. */
  open(sealed: string, purpose: string): string {
    try {
      const [version, nonce = '', body = ''] = sealed.split('.')
      if (version !== VERSION) throw new Error(`unknown version ${version}`)
      const bytes = Buffer.from(body, 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', this.#key, Buffer.from(nonce, 'base64url')).setAAD(Buffer.from(purpose))
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
      return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8')
    } catch (cause) {
      throw new ServerError('secrets.sealed', `Cannot open the stored ${purpose}: it was sealed under another master key`, { cause })
    }
  }
}
