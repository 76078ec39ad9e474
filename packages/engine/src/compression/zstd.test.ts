import { randomBytes } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compressAlways, decompress, decompressToLookAt } from './zstd.ts'
import { zstdLibrary } from './zstd-library.ts'

const TEXT = Buffer.from(Array.from({ length: 400 }, (_, line) => `line ${line} of a text`).join('\n'))

describe('decompress', () => {
  it('gives back what was compressed, of any size', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        expect(decompress(compressAlways(bytes), { maxBytes: bytes.length }).equals(bytes)).toBe(true)
        expect(decompress(compressAlways(bytes), { maxBytes: bytes.length + 99 }).equals(bytes)).toBe(true)
      }),
    )
    for (const size of [65_535, 65_536, 65_537, 1 << 20, 8 << 20, 9 << 20]) {
      const bytes = randomBytes(size)
      expect(decompress(compressAlways(bytes), { maxBytes: size }).equals(bytes)).toBe(true)
    }
  })

  it('refuses a frame of more than it may have', () => {
    const frame = compressAlways(TEXT)
    expect(() => decompress(frame, { maxBytes: TEXT.length - 1 })).toThrow(expect.objectContaining({ code: 'data.malformed' }))
    const bomb = compressAlways(Buffer.alloc(1 << 26))
    expect(() => decompress(bomb, { maxBytes: 1000 })).toThrow(expect.objectContaining({ code: 'data.malformed' }))
  })

  it('does not believe what large frames say that they hold', () => {
    const bytes = Buffer.concat(
      Array.from({ length: 500 }, () => randomBytes(100).fill('holdfast', 9)),
      50_000,
    )
    const large = Buffer.concat(Array.from({ length: 200 }, () => bytes))
    const maxBytes = 64 << 20
    for (const pledgedSrcSize of [large.length, undefined]) {
      const frame = zstdCompressSync(large, pledgedSrcSize === undefined ? {} : { pledgedSrcSize })
      expect(decompress(frame, { maxBytes }).equals(large)).toBe(true)
      expect(decompress(frame, { maxBytes: large.length }).equals(large)).toBe(true)
      expect(() => decompress(frame, { maxBytes: large.length - 1 })).toThrow(expect.objectContaining({ code: 'data.malformed' }))
    }
    const frame = zstdCompressSync(large, { pledgedSrcSize: large.length })
    const sizeAt = frame.indexOf(Uint8Array.of(large.length & 0xff, (large.length >> 8) & 0xff, (large.length >> 16) & 0xff))
    expect(sizeAt).toBeLessThan(12)
    for (const [byte, value] of [
      [0, 1],
      [3, 3],
      [3, 0xff],
    ] as const) {
      const lie = Buffer.from(frame)
      lie[sizeAt + byte] = value
      const before = process.memoryUsage().rss
      expect(() => decompress(lie, { maxBytes })).toThrow(expect.objectContaining({ code: 'data.malformed' }))
      expect(process.memoryUsage().rss - before).toBeLessThan(48 << 20)
    }
  })

  it('is not put off by a broken frame when it reads the next one', () => {
    const sound = compressAlways(TEXT)
    const checked = zstdCompressSync(TEXT, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })
    const flipped = Buffer.from(checked)
    flipped[30] = (flipped[30] ?? 0) ^ 4
    const broken = [
      sound.subarray(0, -1),
      sound.subarray(0, 20),
      checked.subarray(0, -4),
      flipped,
      Buffer.from('garbage of some length'),
      Buffer.alloc(0),
    ]
    for (const frame of broken) {
      try {
        decompress(frame, { maxBytes: TEXT.length })
      } catch (error) {
        expect(error).toMatchObject({ code: 'data.malformed' })
      }
      expect(decompress(sound, { maxBytes: TEXT.length }).equals(TEXT)).toBe(true)
      expect(Buffer.from(decompressToLookAt(checked, { maxBytes: TEXT.length })).equals(TEXT)).toBe(true)
    }
  })

  it('finds the library in this runtime that makes it quick', () => expect(zstdLibrary()).toBeDefined())
})
