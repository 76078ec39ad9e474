import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BlobId, IndexId, PackId } from './ids.ts'
import { decodeIndexFile, encodeIndexFile, type IndexedBlob, type IndexFile } from './index-file.ts'

const ID = 'ab'.repeat(32)

function anyId<T extends string>(): fc.Arbitrary<T> {
  return fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex') as T)
}

const uint32 = fc.nat(0xffff_ffff)
const anyBlob: fc.Arbitrary<IndexedBlob> = fc.record(
  {
    id: anyId<BlobId>(),
    type: fc.constantFrom('data', 'tree'),
    offset: uint32,
    length: uint32,
    uncompressed_length: fc.integer({ min: 1, max: 0xffff_ffff }),
  },
  { requiredKeys: ['id', 'type', 'offset', 'length'] },
)
const anyIndex: fc.Arbitrary<IndexFile> = fc.record(
  {
    supersedes: fc.array(anyId<IndexId>(), { minLength: 1, maxLength: 2 }),
    packs: fc.array(fc.record({ id: anyId<PackId>(), blobs: fc.array(anyBlob, { maxLength: 4 }) }), { maxLength: 4 }),
  },
  { requiredKeys: ['packs'] },
)

function decode(text: string): IndexFile {
  return decodeIndexFile(Buffer.from(text))
}

describe('an index file', () => {
  test('is decoded to what was encoded', () => {
    fc.assert(fc.property(anyIndex, (index) => void expect(decodeIndexFile(encodeIndexFile(index))).toEqual(index)))
  })

  test('has the text that restic writes', () => {
    const blob = { id: ID as BlobId, type: 'data', offset: 0, length: 44 } as const
    const index = { packs: [{ id: ID as PackId, blobs: [blob, { ...blob, offset: 44, uncompressed_length: 3 }] }] }
    expect(encodeIndexFile(index).toString()).toBe(
      `{"packs":[{"id":"${ID}","blobs":[{"id":"${ID}","type":"data","offset":0,"length":44},` +
        `{"id":"${ID}","type":"data","offset":44,"length":44,"uncompressed_length":3}]}]}\n`,
    )
    expect(encodeIndexFile({ supersedes: [], packs: [] }).toString()).toBe('{"packs":[]}\n')
  })

  test('tolerates what Go tolerates', () => {
    expect(decode('{"packs":null,"supersedes":null,"later":1}')).toEqual({ packs: [] })
    expect(decode(`{"packs":[{"id":"${ID}","blobs":null}]}`)).toEqual({ packs: [{ id: ID, blobs: [] }] })
  })

  test.each([
    ['without packs', '{}'],
    ['with an object of packs', '{"packs":{}}'],
    ['with a pack without id', '{"packs":[{"blobs":[]}]}'],
    ['with an id in capitals', `{"packs":[{"id":"${ID.toUpperCase()}","blobs":[]}]}`],
    ['with a negative offset', blobWith({ offset: -1 })],
    ['with half an offset', blobWith({ offset: 0.5 })],
    ['with a length of 33 bits', blobWith({ length: 2 ** 32 })],
    ['with a length in quotes', blobWith({ length: '44' })],
    ['with an uncompressed length of 33 bits', blobWith({ uncompressed_length: 2 ** 32 })],
    ['with an unknown type', blobWith({ type: 'key' })],
    ['with a blob without id', blobWith({ id: undefined })],
    ['with a superseded name', '{"packs":[],"supersedes":["../config"]}'],
  ])('is refused %s', (_what, text) => {
    expect(() => decode(text)).toThrow(expect.objectContaining({ code: 'data.malformed' }))
  })
})

function blobWith(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ packs: [{ id: ID, blobs: [{ id: ID, type: 'data', offset: 0, length: 44, ...fields }] }] })
}
