import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EngineError } from '../errors.ts'
import { decodeConfig } from './config.ts'
import { unquoteName } from './go-quote.ts'
import type { SnapshotId } from './ids.ts'
import { decodeIndexFile } from './index-file.ts'
import { decodeKeyFile, decodeMasterKey } from './key-file.ts'
import { decodeLockFile } from './lock-file.ts'
import { decodePackHeader } from './pack-header.ts'
import { decodeSnapshot } from './snapshot.ts'
import { parseTimestamp } from './timestamp.ts'
import { decodeTree, encodeNode } from './tree.ts'

const ID = 'ab'.repeat(32)
const TIME = '2024-02-29T12:00:00.5+01:00'

interface Decoder {
  readonly decode: (bytes: Uint8Array) => unknown
  readonly valid: unknown
}

/** Every decoder of JSON with an input that it accepts, from which hostile ones are bred. */
const DECODERS: Readonly<Record<string, Decoder>> = {
  config: { decode: decodeConfig, valid: { version: 2, id: ID, chunker_polynomial: '25b468838dcb75' } },
  'key file': {
    decode: decodeKeyFile,
    valid: {
      created: TIME,
      username: 'u',
      hostname: 'h',
      kdf: 'scrypt',
      N: 32768,
      r: 8,
      p: 1,
      salt: Buffer.alloc(64, 1).toString('base64'),
      data: Buffer.alloc(150, 1).toString('base64'),
    },
  },
  'master key': {
    decode: decodeMasterKey,
    valid: {
      mac: { k: Buffer.alloc(16, 1).toString('base64'), r: Buffer.alloc(16, 1).toString('base64') },
      encrypt: Buffer.alloc(32, 1).toString('base64'),
    },
  },
  'lock file': { decode: decodeLockFile, valid: { time: TIME, exclusive: true, hostname: 'h', username: 'u', pid: 1, uid: 2, gid: 3 } },
  snapshot: {
    decode: (bytes) => decodeSnapshot(bytes, ID as SnapshotId),
    valid: {
      time: TIME,
      parent: ID,
      tree: ID,
      paths: ['/a'],
      uid: 1,
      tags: ['t'],
      original: ID,
      summary: { backup_start: TIME, files_new: 1 },
    },
  },
  'index file': {
    decode: decodeIndexFile,
    valid: { supersedes: [ID], packs: [{ id: ID, blobs: [{ id: ID, type: 'data', offset: 0, length: 44, uncompressed_length: 3 }] }] },
  },
  tree: {
    // What is decoded must be encodable too: a rewritten snapshot encodes what it read.
    decode: (bytes) => decodeTree(bytes).nodes.map(encodeNode),
    valid: {
      nodes: [
        {
          name: 'a',
          type: 'file',
          mode: 420,
          mtime: TIME,
          atime: TIME,
          ctime: TIME,
          uid: 1,
          gid: 1,
          user: 'u',
          inode: 1,
          size: 3,
          links: 2,
          linktarget: 't',
          linktarget_raw: '/w==',
          extended_attributes: [{ name: 'user.x', value: 'AA==' }],
          generic_attributes: { 'windows.creation_time': { low: 1 } },
          device: 3,
          content: [ID],
          subtree: ID,
        },
        { name: 'b', type: 'dir', mtime: TIME, atime: TIME, ctime: TIME, uid: 0, gid: 0, content: null },
      ],
    },
  },
}

const EVIL_VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  2 ** 32,
  2 ** 53,
  1e300,
  '',
  'x',
  'AAAA',
  '/w==',
  ID,
  ID.toUpperCase(),
  TIME,
  [],
  [null],
  [[ID]],
  {},
  { __proto__: { id: ID } },
  'a'.repeat(100_000),
]

/** The result, or the code of the engine's failure; any other failure is thrown on and fails the test. */
function codeOf(action: () => unknown): string {
  try {
    action()
    return 'accepted'
  } catch (error) {
    if (error instanceof EngineError) return error.code
    throw error
  }
}

const ACCEPTABLE = new Set(['accepted', 'data.malformed', 'repository.version'])

function expectClear(decode: Decoder['decode'], bytes: Uint8Array): void {
  expect(ACCEPTABLE).toContain(codeOf(() => decode(bytes)))
}

/** Every place inside of a JSON value: the keys that lead to it. */
function placesOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [[]]
  return [[], ...Object.entries(value).flatMap(([key, item]) => placesOf(item).map((path) => [key, ...path]))]
}

function withValueAt(value: unknown, path: readonly string[], evil: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return evil
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>
  copy[key] = withValueAt(copy[key], rest, evil)
  return copy
}

describe.each(Object.entries(DECODERS))('a hostile %s', (_name, { decode, valid }) => {
  const text = JSON.stringify(valid)

  test('is bred from one that is accepted', () => {
    expect(codeOf(() => decode(Buffer.from(text)))).toBe('accepted')
  })

  test('of random bytes or JSON ends in a clear error', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => expectClear(decode, bytes)))
    fc.assert(fc.property(fc.json(), (json) => expectClear(decode, Buffer.from(json))))
  })

  test('with flipped, missing or doubled bytes ends in a clear error', () => {
    const edit = fc.record({ at: fc.nat(text.length - 1), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 3 }) })
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        let bytes = Buffer.from(text)
        for (const { at, remove, insert } of edits) bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)])
        expectClear(decode, bytes)
      }),
      { numRuns: 500 },
    )
  })

  test('with a wrong value in any place ends in a clear error', () => {
    for (const path of placesOf(valid)) {
      for (const evil of EVIL_VALUES) expectClear(decode, Buffer.from(JSON.stringify(withValueAt(valid, path, evil))))
    }
  })

  test('that is nested deeply ends in a clear error', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"nodes":', '}'],
      ['{"generic_attributes":', '}'],
    ] as const) {
      // A number of more than 53 bits takes another path through the decoder of trees.
      for (const number of ['9'.repeat(20), '9']) {
        const deep = `${open.repeat(100_000)}${number}${close.repeat(100_000)}`
        expect(codeOf(() => decode(Buffer.from(deep)))).toBe('data.malformed')
        expect(codeOf(() => decode(Buffer.from(`{"nodes":[{"name":"a","generic_attributes":{"a":${deep}}}]}`)))).toBe('data.malformed')
      }
    }
  })

  test('that would take a hundred times its size in memory is refused before it is parsed', () => {
    for (const unit of ['[', '[],', '{},', '0,', '{"nodes":', '"",']) {
      const dense = Buffer.alloc(9 * 1024 * 1024, unit)
      expect(() => decode(dense)).toThrow('packed with empty values')
    }
  })
})

describe('other hostile input', () => {
  test('large trees are read although their names look like lists', () => {
    const name = '[{,\\\\\\"'.repeat(30)
    const node = (index: number) => `{"name":"${name}${String(index).padStart(6, '0')}","type":"file","content":null}`
    const tree = Buffer.from(`{"nodes":[${Array.from({ length: 40_000 }, (_, index) => node(index)).join(',')}]}`)
    expect(tree.length).toBeGreaterThan(9 * 1024 * 1024)
    expect(decodeTree(tree).nodes).toHaveLength(40_000)
  })

  test('headers of packs end in a clear error', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectClear(decodePackHeader, bytes)))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.uint8Array({ minLength: 36, maxLength: 40 })), { maxLength: 5 }), (entries) => {
        expectClear(decodePackHeader, Buffer.concat(entries.flatMap(([kind, rest]) => [Buffer.of(kind), rest])))
      }),
    )
  })

  test('times and names end in a clear error', () => {
    for (const text of [fc.string({ unit: 'binary' }), fc.string({ unit: 'binary-ascii' })]) {
      fc.assert(fc.property(text, (time) => ACCEPTABLE.has(codeOf(() => parseTimestamp(time)))))
      fc.assert(fc.property(text, (name) => ACCEPTABLE.has(codeOf(() => unquoteName(name)))))
    }
  })

  test('numbers of a million digits are refused at once', () => {
    const digits = '9'.repeat(1_000_000)
    for (const field of ['inode', 'size', 'mode']) {
      expect(codeOf(() => decodeTree(Buffer.from(`{"nodes":[{"name":"a","${field}":${digits}}]}`)))).toBe('data.malformed')
    }
  })
})
