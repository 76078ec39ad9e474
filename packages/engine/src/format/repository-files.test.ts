import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeConfig, encodeConfig } from './config.ts'
import { decodeKeyFile, decodeMasterKey, encodeKeyFile, encodeMasterKey, type KeyFile, SCRYPT_MEMORY_MAX_BYTES } from './key-file.ts'
import { decodeLockFile, encodeLockFile, type LockFile } from './lock-file.ts'
import { formatTimestamp, type Timestamp } from './timestamp.ts'

const ID = 'ab'.repeat(32)
const TIME = '2024-02-29T12:00:00.5+01:00' as Timestamp

const anyText = fc.string({ unit: 'binary', maxLength: 30 })
const anyTime = fc.tuple(fc.nat(4_000_000_000), fc.nat(999_999_999)).map(([seconds, rest]) => formatTimestamp(seconds, rest))

function anyBytes(size: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ minLength: size, maxLength: size }).map((bytes) => Buffer.from(bytes))
}

const malformed = expect.objectContaining({ code: 'data.malformed' })

describe('the config', () => {
  test('is decoded to what was encoded', () => {
    const config = fc.record({
      version: fc.constantFrom(1 as const, 2 as const),
      id: anyBytes(32).map((bytes) => bytes.toString('hex')),
      chunker_polynomial: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map((value) => value.toString(16)),
    })
    fc.assert(fc.property(config, (value) => void expect(decodeConfig(encodeConfig(value))).toEqual(value)))
  })

  test.each([0, 3, 4_294_967_296])('of version %d is refused as such', (version) => {
    const text = JSON.stringify({ version, id: ID, chunker_polynomial: '3' })
    expect(() => decodeConfig(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'repository.version', context: { version } }))
  })

  test.each([
    { version: '2' },
    { version: null },
    { id: '../../etc' },
    { id: undefined },
    { chunker_polynomial: '' },
    { chunker_polynomial: 'xyz' },
    { chunker_polynomial: '1'.repeat(17) },
    { chunker_polynomial: 3 },
  ])('is refused with %j', (fields) => {
    const text = JSON.stringify({ version: 2, id: ID, chunker_polynomial: '3', ...fields })
    expect(() => decodeConfig(Buffer.from(text))).toThrow(malformed)
  })
})

describe('a key file', () => {
  const key: KeyFile = {
    created: TIME,
    username: 'u',
    hostname: 'h',
    kdf: 'scrypt',
    N: 32_768,
    r: 8,
    p: 7,
    salt: Buffer.alloc(64, 1),
    data: Buffer.alloc(150, 2),
  }
  const withFields = (fields: Readonly<Record<string, unknown>>) =>
    Buffer.from(JSON.stringify({ ...key, salt: key.salt.toString(), data: '', ...JSON.parse(encodeKeyFile(key).toString()), ...fields }))

  test('is decoded to what was encoded', () => {
    const anyKey = fc.record({
      created: anyTime,
      username: anyText,
      hostname: anyText,
      kdf: fc.constant('scrypt' as const),
      N: fc.integer({ min: 1, max: 17 }).map((exponent) => 2 ** exponent),
      r: fc.integer({ min: 1, max: 16 }),
      p: fc.integer({ min: 1, max: 16 }),
      salt: anyBytes(64),
      data: fc.integer({ min: 32, max: 300 }).chain(anyBytes),
    })
    fc.assert(fc.property(anyKey, (value) => void expect(decodeKeyFile(encodeKeyFile(value))).toEqual(value)))
  })

  test.each([{ N: 2 ** 21 }, { N: 2 ** 20, r: 9 }, { r: 2 ** 40 }, { p: 2 ** 40 }, { N: 2 ** 52 }, { p: 513 }])(
    'asks for too much with %j',
    (fields) => {
      expect(() => decodeKeyFile(withFields(fields))).toThrow(malformed)
    },
  )

  test('may ask for all the memory that is allowed', () => {
    expect(decodeKeyFile(withFields({ N: SCRYPT_MEMORY_MAX_BYTES / 128 / 8, r: 8, p: 1 })).N).toBe(2 ** 20)
  })

  test.each([
    { N: 0 },
    { N: 1 },
    { N: 32_767 },
    { N: -2 },
    { r: 0 },
    { p: 0.5 },
    { N: '32768' },
    { kdf: 'pbkdf2' },
    { salt: Buffer.alloc(63).toString('base64') },
    { salt: 'no base64!' },
    { data: Buffer.alloc(31).toString('base64') },
    { data: Buffer.alloc(70_000).toString('base64') },
    { created: 'yesterday' },
    { username: 7 },
  ])('is refused with %j', (fields) => {
    expect(() => decodeKeyFile(withFields(fields))).toThrow(malformed)
  })
})

describe('master keys', () => {
  const anyKeys = fc.record({ mac: fc.record({ k: anyBytes(16), r: anyBytes(16) }), encrypt: anyBytes(32) })
  const isZero = (bytes: Buffer) => bytes.every((byte) => byte === 0)

  test('are decoded to what was encoded', () => {
    fc.assert(
      fc.property(anyKeys, (keys) => {
        fc.pre(![keys.mac.k, keys.mac.r, keys.encrypt].some(isZero))
        expect(decodeMasterKey(encodeMasterKey(keys))).toEqual(keys)
      }),
    )
  })

  test('that are short or all zeros are refused', () => {
    const good = { mac: { k: Buffer.alloc(16, 1), r: Buffer.alloc(16, 1) }, encrypt: Buffer.alloc(32, 1) }
    const bad = [
      { ...good, encrypt: Buffer.alloc(32) },
      { ...good, encrypt: Buffer.alloc(31, 1) },
      { ...good, mac: { ...good.mac, k: Buffer.alloc(16) } },
      { ...good, mac: { ...good.mac, r: Buffer.alloc(17, 1) } },
    ]
    for (const keys of bad) expect(() => decodeMasterKey(encodeMasterKey(keys))).toThrow(malformed)
  })
})

describe('a lock file', () => {
  test('is decoded to what was encoded', () => {
    const anyLock: fc.Arbitrary<LockFile> = fc.record(
      {
        time: anyTime,
        exclusive: fc.boolean(),
        hostname: anyText,
        username: anyText,
        pid: fc.nat(0xffff_ffff),
        uid: fc.integer({ min: 1, max: 0xffff_ffff }),
        gid: fc.integer({ min: 1, max: 0xffff_ffff }),
      },
      { requiredKeys: ['time', 'exclusive', 'hostname', 'username', 'pid'] },
    )
    fc.assert(fc.property(anyLock, (lock) => void expect(decodeLockFile(encodeLockFile(lock))).toEqual(lock)))
  })

  test('of root names no user', () => {
    const lock: LockFile = { time: TIME, exclusive: true, hostname: 'a"b', username: 'root', pid: 1, uid: 0, gid: 0 }
    expect(encodeLockFile(lock).toString()).toBe(`{"time":"${TIME}","exclusive":true,"hostname":"a\\"b","username":"root","pid":1}`)
  })

  test.each([
    { time: undefined },
    { time: '2024' },
    { exclusive: 'yes' },
    { exclusive: null },
    { pid: -1 },
    { pid: 2 ** 40 },
    { uid: 2 ** 32 },
    { hostname: [] },
  ])('is refused with %j', (fields) => {
    const text = JSON.stringify({ time: TIME, exclusive: true, hostname: 'h', username: 'u', pid: 1, ...fields })
    expect(() => decodeLockFile(Buffer.from(text))).toThrow(malformed)
  })
})
