import { createDecipheriv, randomBytes } from 'node:crypto'
import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { compress, compressAlways, decompress } from '../src/compression/zstd.ts'
import { zstdLibrary } from '../src/compression/zstd-library.ts'
import { openSsl } from '../src/crypto/open-ssl.ts'
import { randomSealingKey, Sealer } from '../src/crypto/sealer.ts'
import { byteStringOf } from '../src/format/byte-string.ts'
import { readStatus } from '../src/host/file-status.ts'
import { metadataAbilities, readExtendedAttributes, setTimes } from '../src/host/posix.ts'
import { processLibrary } from '../src/host/process-library.ts'
import { userName } from '../src/host/user-names.ts'

// The module is looked for at the first call, which none of the imports above makes.
const hooks = registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === 'koffi') throw new Error('there is no build of koffi for this machine')
    return next(specifier, context)
  },
})

const folder = mkdtempSync(join(tmpdir(), 'holdfast-without-koffi-'))
afterAll(() => {
  hooks.deregister()
  rmSync(folder, { recursive: true })
})

test('no function of this process is within reach', () => {
  expect([processLibrary(), openSsl(), zstdLibrary()]).toEqual([undefined, undefined, undefined])
  expect(metadataAbilities()).toEqual({ extendedAttributes: false, exactTimes: false, specialFiles: false })
})

test.each([0, 1, 16, 100_000])('%i bytes are sealed as the format says, and opened', (length) => {
  const key = randomSealingKey()
  const sealer = new Sealer(key)
  const plaintext = randomBytes(length)
  const sealed = sealer.seal(plaintext)
  expect(createDecipheriv('aes-256-ctr', key.encrypt, sealed.subarray(0, 16)).update(sealed.subarray(16, -16))).toEqual(plaintext)
  expect(sealer.open(sealed)).toEqual(plaintext)
  const shared = Buffer.from(new SharedArrayBuffer(sealed.length))
  expect(sealer.open(shared.subarray(0, sealer.sealInto(plaintext, shared, 0)))).toEqual(plaintext)
  expect(Buffer.from(sealer.openInPlace(shared))).toEqual(plaintext)
  sealed[20 % sealed.length] = (sealed[20 % sealed.length] ?? 0) ^ 1
  expect(() => sealer.open(sealed)).toThrow('does not fit')
})

test.each([1, 1000, 3_000_000])('%i bytes are compressed to one frame, and come back', (length) => {
  const content = Buffer.alloc(length, 'content ')
  expect(zstdDecompressSync(compressAlways(content))).toEqual(content)
  expect(decompress(zstdCompressSync(content), { maxBytes: length })).toEqual(content)
  expect(() => decompress(zstdCompressSync(Buffer.alloc(length + 1)), { maxBytes: length })).toThrow('larger than')
  expect(compress(randomBytes(length), 'auto')).toBeUndefined()
})

test('files are described by what Node.js knows', () => {
  const path = join(folder, 'file')
  writeFileSync(path, 'text')
  setTimes(byteStringOf(path), { access: { seconds: -5, nanoseconds: 0 }, modification: { seconds: 1e9, nanoseconds: 250_000_000 } })
  const status = readStatus(byteStringOf(path))
  expect(status).toMatchObject({ sizeBytes: 4, inode: lstatSync(path).ino, accessed: { seconds: -5, nanoseconds: 0 } })
  expect(status.modified).toEqual({ seconds: 1e9, nanoseconds: 250_000_000 })
  expect(readExtendedAttributes(byteStringOf(path))).toEqual([])
  expect(userName(0)).toBe('root')
})
