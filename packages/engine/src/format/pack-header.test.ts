import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BlobId } from './ids.ts'
import {
  decodePackHeader,
  encodePackHeader,
  HEADER_OVERHEAD,
  HEADER_SIZE_MAX,
  PACK_BLOBS_MAX,
  type PackBlob,
  packHeaderSize,
} from './pack-header.ts'

const ID = '0123456789abcdef'.repeat(4) as BlobId

const anyBlob: fc.Arbitrary<PackBlob> = fc.record({
  type: fc.constantFrom('data', 'tree'),
  id: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex') as BlobId),
  length: fc.nat(0x0fff_ffff),
  uncompressedLength: fc.oneof(fc.constant(0), fc.nat(0xffff_ffff)),
})

describe('the header of a pack', () => {
  test('is decoded to what was encoded', () => {
    fc.assert(
      fc.property(fc.array(anyBlob, { maxLength: 10 }), (blobs) => {
        const header = encodePackHeader(blobs)
        expect(decodePackHeader(header)).toEqual(blobs)
        expect(header.length).toBe(packHeaderSize(blobs) - HEADER_OVERHEAD)
      }),
    )
  })

  test('has the bytes that the format demands', () => {
    const compressed: PackBlob = { type: 'tree', id: ID, length: 0x01020304, uncompressedLength: 0x0a0b0c0d }
    const plain: PackBlob = { type: 'data', id: ID, length: 5, uncompressedLength: 0 }
    expect(encodePackHeader([compressed, plain]).toString('hex')).toBe(`03040302010d0c0b0a${ID}0005000000${ID}`)
  })

  test('is read from within a larger buffer', () => {
    const header = encodePackHeader([{ type: 'data', id: ID, length: 1, uncompressedLength: 2 }])
    const whole = Buffer.concat([Buffer.alloc(3, 0xff), header, Buffer.alloc(3, 0xff)])
    expect(decodePackHeader(new Uint8Array(whole).subarray(3, 3 + header.length))[0]?.id).toBe(ID)
  })

  test('of the most blobs is as large as restic reads', () => {
    const blobs = Array.from({ length: PACK_BLOBS_MAX }, () => ({ uncompressedLength: 1 }))
    expect(packHeaderSize(blobs)).toBeLessThanOrEqual(HEADER_SIZE_MAX)
    expect(packHeaderSize([...blobs, { uncompressedLength: 1 }])).toBeGreaterThan(HEADER_SIZE_MAX)
  })

  test.each([
    ['unknown blob type 4', `04${'01'.repeat(40)}`],
    ['the last entry is cut off', `00${'00'.repeat(35)}`],
    ['the last entry is cut off', `0201000000${'01'.repeat(35)}`],
    ['a compressed blob has no length', `020100000000000000${'01'.repeat(32)}`],
    ['longer than a pack can be', `00ffffffff${'00'.repeat(32)}0001000000${'00'.repeat(32)}`],
  ])('is refused: %s', (state, hex) => {
    const decoding = () => decodePackHeader(Buffer.from(hex, 'hex'))
    expect(decoding).toThrow(expect.objectContaining({ code: 'data.malformed' }))
    expect(decoding).toThrow(state)
  })

  test('refuses to be made of lengths that do not fit', () => {
    expect(() => encodePackHeader([{ type: 'data', id: ID, length: 2 ** 32, uncompressedLength: 0 }])).toThrow(RangeError)
  })
})
