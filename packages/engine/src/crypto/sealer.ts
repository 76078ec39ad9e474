import { type Cipheriv, createCipheriv, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { EngineError } from '../errors.ts'
import { fillRandom, secureRandom } from '../host/random.ts'
import { openSsl } from './open-ssl.ts'
import { sodiumPoly1305 } from './sodium.ts'

/** The keys all data of a repository is sealed with: AES-256 (32 bytes) and the two halves (16 bytes each) of the Poly1305-AES key. */
export interface SealingKey {
  readonly encrypt: Uint8Array
  readonly macK: Uint8Array
  readonly macR: Uint8Array
}

const IV_BYTES = 16
const MAC_BYTES = 16

/** Bytes that sealing adds: a 16 byte nonce before the ciphertext, a 16 byte MAC behind it. */
export const SEAL_OVERHEAD_BYTES = IV_BYTES + MAC_BYTES

/** How many random nonces are fetched at once: one call of the generator costs about as much as filling 4 KiB. */
const NONCES_AT_ONCE = 256

/**
 * Encrypts and authenticates with one key, as restic's doc/design.rst lays down: AES-256-CTR under a random 16 byte nonce, then
 * Poly1305-AES of the ciphertext, stored as nonce‖ciphertext‖MAC. Not to be shared between threads.
 */
export class Sealer {
  readonly #key: Uint8Array
  readonly #keyObject: KeyObject
  readonly #nonceCipher: Cipheriv
  readonly #macKey = Buffer.alloc(32)
  readonly #mac = Buffer.alloc(MAC_BYTES)
  readonly #nonces = Buffer.alloc(NONCES_AT_ONCE * IV_BYTES)
  #nextNonce = NONCES_AT_ONCE

  constructor(key: SealingKey) {
    this.#key = Buffer.copyBytesFrom(key.encrypt)
    this.#keyObject = createSecretKey(key.encrypt)
    // One block in ECB mode is the bare AES of the nonce that Poly1305-AES wants; blocks are independent, so that it serves for ever.
    this.#nonceCipher = createCipheriv('aes-128-ecb', key.macK, null).setAutoPadding(false)
    this.#macKey.set(key.macR, 0)
  }

  /** The sealed form of `plaintext`, in a buffer of its own. */
  seal(plaintext: Uint8Array): Buffer {
    const sealed = Buffer.allocUnsafe(plaintext.length + SEAL_OVERHEAD_BYTES)
    this.sealInto(plaintext, sealed, 0)
    return sealed
  }

  /** Writes the sealed form of `plaintext` at `offset` of `target`, which must have room; returns its length in bytes. */
  sealInto(plaintext: Uint8Array, target: Uint8Array, offset: number): number {
    const nonce = this.#takeNonce()
    const macAt = offset + IV_BYTES + plaintext.length
    target.set(nonce, offset)
    const ciphertext = target.subarray(offset + IV_BYTES, macAt)
    this.#applyKeyStream(plaintext, ciphertext, nonce)
    target.set(this.#macOf(ciphertext, nonce), macAt)
    return plaintext.length + SEAL_OVERHEAD_BYTES
  }

  /**
   * The plaintext of `sealed`.
   * @throws {EngineError} `data.damaged` when the MAC does not fit, so when a bit was flipped or the key is another.
   */
  open(sealed: Uint8Array): Buffer {
    const { nonce, ciphertext } = this.#authenticate(sealed)
    const plaintext = Buffer.allocUnsafe(ciphertext.length)
    this.#applyKeyStream(ciphertext, plaintext, nonce)
    return plaintext
  }

  /**
   * As {@link open}, but the plaintext takes the place of the ciphertext in `sealed`, where what is returned lies: nothing is copied, and
   * `sealed` cannot be opened again.
   */
  openInPlace(sealed: Uint8Array): Uint8Array {
    const { nonce, ciphertext } = this.#authenticate(sealed)
    this.#applyKeyStream(ciphertext, ciphertext, nonce)
    return ciphertext
  }

  #authenticate(sealed: Uint8Array): { readonly nonce: Uint8Array; readonly ciphertext: Uint8Array } {
    if (sealed.length < SEAL_OVERHEAD_BYTES) {
      throw new EngineError(
        'data.damaged',
        `Cannot decrypt: ${sealed.length} bytes are too few, at least ${SEAL_OVERHEAD_BYTES} are needed`,
      )
    }
    const nonce = sealed.subarray(0, IV_BYTES)
    const ciphertext = sealed.subarray(IV_BYTES, sealed.length - MAC_BYTES)
    if (!timingSafeEqual(this.#macOf(ciphertext, nonce), sealed.subarray(sealed.length - MAC_BYTES))) {
      throw new EngineError('data.damaged', 'Cannot decrypt: the authentication code does not fit the data')
    }
    return { nonce, ciphertext }
  }

  /** AES-256-CTR, which is its own inverse; `input` and `output` have the same length and may be the same memory. */
  #applyKeyStream(input: Uint8Array, output: Uint8Array, nonce: Uint8Array): void {
    const native = openSsl()
    if (native === undefined) output.set(createCipheriv('aes-256-ctr', this.#keyObject, nonce).update(input))
    else if (input.length > 0) native.counterMode(input, output, { key: this.#key, nonce })
  }

  /** In memory that the next call overwrites. */
  #macOf(ciphertext: Uint8Array, nonce: Uint8Array): Buffer {
    this.#macKey.set(this.#nonceCipher.update(nonce), 16)
    const poly1305 = openSsl()?.poly1305 ?? sodiumPoly1305
    poly1305(ciphertext, this.#mac, { key: this.#macKey })
    return this.#mac
  }

  #takeNonce(): Buffer {
    if (this.#nextNonce === NONCES_AT_ONCE) {
      fillRandom(this.#nonces)
      this.#nextNonce = 0
    }
    const start = this.#nextNonce++ * IV_BYTES
    return this.#nonces.subarray(start, start + IV_BYTES)
  }
}

/** A new random key. */
export function randomSealingKey(): SealingKey {
  return { encrypt: secureRandom(32), macK: secureRandom(16), macR: secureRandom(16) }
}

/** 64 derived bytes as a key: 32 for AES, 16 for the MAC's AES, 16 for the MAC's r. */
export function sealingKeyFrom(bytes: Uint8Array): SealingKey {
  return { encrypt: bytes.subarray(0, 32), macK: bytes.subarray(32, 48), macR: bytes.subarray(48, 64) }
}
