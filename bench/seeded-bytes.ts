import { type Cipheriv, createCipheriv, hash } from 'node:crypto'

const POOL_BYTES = 64 * 1024

/** Pseudo-random content that depends on a seed alone: the key stream of AES-256-CTR under the seed's hash. Over 1 GB/s. */
export class SeededBytes {
  readonly #cipher: Cipheriv
  #pool: Buffer = Buffer.alloc(0)
  #used = 0

  constructor(seed: string) {
    this.#cipher = createCipheriv('aes-256-ctr', hash('sha256', seed, 'buffer'), Buffer.alloc(16))
  }

  /** The next `lengthBytes`, which nothing can compress. */
  take(lengthBytes: number): Buffer {
    return this.#cipher.update(Buffer.alloc(lengthBytes))
  }

  /** A number from 0 up to and without `limit`, which is 2^32 at most. */
  below(limit: number): number {
    if (this.#used + 4 > this.#pool.length) {
      this.#pool = this.take(POOL_BYTES)
      this.#used = 0
    }
    const word = this.#pool.readUInt32LE(this.#used)
    this.#used += 4
    return Math.floor((word / 2 ** 32) * limit)
  }

  /** A number between the two, small ones as likely as large ones on a logarithmic scale: sizes of files are like that. */
  between(least: number, most: number): number {
    return Math.round(least * (most / least) ** (this.below(2 ** 32) / 2 ** 32))
  }
}
