import { createCipheriv, createDecipheriv } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { secureRandom } from '../host/random.ts'
import { openSsl } from './open-ssl.ts'
import { randomSealingKey, SEAL_OVERHEAD_BYTES, Sealer } from './sealer.ts'
import { sodiumPoly1305 } from './sodium.ts'

const key = randomSealingKey()
const sealer = new Sealer(key)

/** What restic's doc/design.rst says, by other libraries than the ones the sealer calls. */
function openByTheBook(sealed: Buffer): Buffer {
  const nonce = sealed.subarray(0, 16)
  const ciphertext = sealed.subarray(16, -16)
  const encryptedNonce = createCipheriv('aes-128-ecb', key.macK, null).update(nonce)
  const macKey = Buffer.concat([key.macR, encryptedNonce])
  const mac = Buffer.alloc(16)
  sodiumPoly1305(ciphertext, mac, { key: macKey })
  expect(mac).toEqual(sealed.subarray(-16))
  return createDecipheriv('aes-256-ctr', key.encrypt, nonce).update(ciphertext)
}

describe('sealing', () => {
  test('calls OpenSSL directly in this runtime', () => expect(openSsl()).toBeDefined())

  test('is what the format says, and opens again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (plaintext) => {
        const sealed = sealer.seal(plaintext)
        expect(sealed.length).toBe(plaintext.length + SEAL_OVERHEAD_BYTES)
        expect(openByTheBook(sealed)).toEqual(Buffer.from(plaintext))
        expect(sealer.open(sealed)).toEqual(Buffer.from(plaintext))
        expect(Buffer.from(sealer.openInPlace(sealed))).toEqual(Buffer.from(plaintext))
      }),
    )
  })

  test.each([0, 1, 15, 16, 17, 4096, 1_500_001])('works on shared memory: %i bytes', (length) => {
    const memory = Buffer.from(new SharedArrayBuffer(length + 100))
    const plaintext = secureRandom(length)
    const sealedBytes = sealer.sealInto(plaintext, memory, 7)
    expect(openByTheBook(Buffer.copyBytesFrom(memory.subarray(7, 7 + sealedBytes)))).toEqual(plaintext)
    expect(sealer.open(memory.subarray(7, 7 + sealedBytes))).toEqual(plaintext)
    expect(memory.subarray(7 + sealedBytes).every((byte) => byte === 0)).toBe(true)
  })

  test('never uses a nonce twice', () => {
    const nonces = new Set(Array.from({ length: 1000 }, () => sealer.seal(Buffer.alloc(1)).toString('hex', 0, 16)))
    expect(nonces.size).toBe(1000)
  })
})

describe('opening', () => {
  test('refuses every flipped bit', () => {
    const sealed = sealer.seal(Buffer.from('some text that is sealed'))
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = Buffer.from(sealed)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => sealer.open(damaged)).toThrow('the authentication code does not fit')
      expect(() => sealer.openInPlace(damaged)).toThrow('the authentication code does not fit')
    }
  })

  test('refuses another key and what is too short', () => {
    expect(() => new Sealer(randomSealingKey()).open(sealer.seal(Buffer.alloc(10)))).toThrow('does not fit')
    expect(() => sealer.open(Buffer.alloc(31))).toThrow('31 bytes are too few')
  })
})
