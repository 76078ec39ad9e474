import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ByteString, byteStringFrom, byteStringOf } from './byte-string.ts'
import type { BlobId } from './ids.ts'
import type { NodeType, TreeNode } from './node.ts'
import { formatTimestamp, type Timestamp } from './timestamp.ts'
import { decodeTree, encodeNode, encodeTree, isSafeName } from './tree.ts'

const TIME = '2024-02-29T12:00:00.5+01:00' as Timestamp
const ID = 'ab'.repeat(32) as BlobId

function node(fields: Partial<TreeNode>): TreeNode {
  return { name: byteStringOf('a'), type: 'file', mtime: TIME, atime: TIME, ctime: TIME, uid: 0, gid: 0, content: null, ...fields }
}

function decode(text: string): readonly TreeNode[] {
  return decodeTree(Buffer.from(text, 'utf8')).nodes
}

/** A node that any program could have put into a tree; absent and empty fields are what Go leaves out. */
function anyNode(): fc.Arbitrary<TreeNode> {
  const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex') as BlobId)
  const time = fc.tuple(fc.integer({ min: -1e10, max: 1e11 }), fc.nat(999_999_999)).map(([seconds, rest]) => formatTimestamp(seconds, rest))
  const uint32 = fc.nat(0xffff_ffff)
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 })
  const uint64 = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map((value) => (value > Number.MAX_SAFE_INTEGER ? value : Number(value)))
  const count = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
  const base64 = bytes.map((value) => Buffer.from(value).toString('base64'))
  return fc.record(
    {
      name: bytes.map(byteStringFrom),
      type: fc.constantFrom<NodeType>('file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket', 'irregular'),
      mode: fc.integer({ min: 1, max: 0xffff_ffff }),
      mtime: time,
      atime: time,
      ctime: time,
      uid: uint32,
      gid: uint32,
      user: text,
      group: text,
      inode: uint64,
      device_id: uint64,
      size: count,
      links: count,
      linktarget: bytes.map(byteStringFrom),
      extended_attributes: fc.array(fc.record({ name: text, value: fc.option(base64) }), { minLength: 1, maxLength: 3 }),
      generic_attributes: fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(text, uint32, uint64, fc.constant(null)), {
        minKeys: 1,
        maxKeys: 3,
      }),
      device: uint64,
      content: fc.option(fc.array(id, { maxLength: 3 })),
      subtree: id,
      error: text,
    },
    { requiredKeys: ['name', 'type', 'mtime', 'atime', 'ctime', 'uid', 'gid', 'content'] },
  )
}

const anyTree = fc
  .uniqueArray(anyNode(), { selector: ({ name }) => name, maxLength: 5 })
  .map((nodes) => nodes.sort((a, b) => (a.name < b.name ? -1 : 1)))

describe('a tree', () => {
  test('is decoded to what was encoded, and encoded again to the same bytes', () => {
    fc.assert(
      fc.property(anyTree, (nodes) => {
        const bytes = encodeTree(nodes.map(encodeNode))
        const decoded = decodeTree(bytes).nodes
        expect(decoded).toEqual(nodes)
        expect(encodeTree(decoded.map(encodeNode)).equals(bytes)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('has its fields in the order of restic, and nothing that is empty', () => {
    const full = node({
      mode: 420,
      user: 'u',
      group: 'g',
      inode: 2n ** 64n - 1n,
      device_id: 3,
      size: 4,
      links: 5,
      linktarget: '\xff<' as ByteString,
      extended_attributes: [{ name: 'user.x', value: null }],
      generic_attributes: { b: { z: 1, a: '<' }, a: [1, 'x', null, true, 9_007_199_254_740_993n] },
      device: 6,
      content: [ID, ID],
      subtree: ID,
      error: 'e',
    })
    expect(encodeNode(full)).toBe(
      `{"name":"a","type":"file","mode":420,"mtime":"${TIME}","atime":"${TIME}","ctime":"${TIME}","uid":0,"gid":0,"user":"u","group":"g",` +
        '"inode":18446744073709551615,"device_id":3,"size":4,"links":5,"linktarget":"\\ufffd\\u003c","linktarget_raw":"/zw=",' +
        '"extended_attributes":[{"name":"user.x","value":null}],' +
        '"generic_attributes":{"a":[1,"x",null,true,9007199254740993],"b":{"z":1,"a":"\\u003c"}},' +
        `"device":6,"content":["${ID}","${ID}"],"subtree":"${ID}","error":"e"}`,
    )
    const empty = node({
      mode: 0,
      user: '',
      group: '',
      inode: 0,
      size: 0,
      links: 0,
      extended_attributes: [],
      generic_attributes: {},
      error: '',
    })
    expect(encodeNode(empty)).toBe(encodeNode(node({})))
    expect(encodeTree([]).toString()).toBe('{"nodes":[]}\n')
  })

  test('keeps numbers of 64 bits exactly, and others as numbers', () => {
    const text = `{"nodes":[{"name":"a","inode":9007199254740993,"device_id":18446744073709551615,"device":9007199254740991,"size":7}]}`
    expect(decode(text)[0]).toMatchObject({ inode: 9_007_199_254_740_993n, device_id: 2n ** 64n - 1n, device: 2 ** 53 - 1, size: 7 })
    expect(() => decode('{"nodes":[{"name":"a","inode":18446744073709551616}]}')).toThrow('inode of a node is not')
    expect(() => decode('{"nodes":[{"name":"a","size":9007199254740993}]}')).toThrow('size of a node is not')
  })

  test('of another program is read as Go reads it', () => {
    const [first] = decode('{"later":1,"nodes":[{"name":"a","type":"door","user":null,"content":null,"sub_file":{"x":[]}}]}')
    expect(first).toEqual(
      node({
        type: 'door' as NodeType,
        mtime: '0001-01-01T00:00:00Z' as Timestamp,
        atime: '0001-01-01T00:00:00Z' as Timestamp,
        ctime: '0001-01-01T00:00:00Z' as Timestamp,
      }),
    )
  })

  test('takes the raw target of a link before the readable one', () => {
    expect(decode('{"nodes":[{"name":"a","linktarget":"\\ufffd","linktarget_raw":"/w=="}]}')[0]?.linktarget).toBe('\xff')
    expect(decode('{"nodes":[{"name":"a","linktarget":"é"}]}')[0]?.linktarget).toBe('\xc3\xa9')
  })

  test('does not let an attribute reach the prototype', () => {
    const [first] = decode('{"nodes":[{"name":"a","__proto__":{"size":5},"generic_attributes":{"__proto__":{"x":1}}}]}')
    expect(first?.size).toBeUndefined()
    expect(encodeNode(first as TreeNode)).toContain('"generic_attributes":{"__proto__":{"x":1}}')
  })
})

describe('a malformed tree', () => {
  test.each([
    ['not JSON', '{"nodes":['],
    ['a list', '[]'],
    ['without nodes', '{}'],
    ['nodes that are null', '{"nodes":null}'],
    ['a node that is null', '{"nodes":[null]}'],
    ['a node without name', '{"nodes":[{"type":"file"}]}'],
    ['a name twice', '{"nodes":[{"name":"a"},{"name":"a"}]}'],
    ['names out of order', '{"nodes":[{"name":"b"},{"name":"a"}]}'],
    ['names in the order of UTF-16', '{"nodes":[{"name":"\ud83d\ude00"},{"name":"\uffee"}]}'],
    ['a name not quoted', '{"nodes":[{"name":"\\\\"}]}'],
    ['a negative uid', '{"nodes":[{"name":"a","uid":-1}]}'],
    ['a mode of 33 bits', '{"nodes":[{"name":"a","mode":4294967296}]}'],
    ['half a byte of size', '{"nodes":[{"name":"a","size":0.5}]}'],
    ['an inode in quotes', '{"nodes":[{"name":"a","inode":"1"}]}'],
    ['a day that does not exist', '{"nodes":[{"name":"a","mtime":"2023-02-29T00:00:00Z"}]}'],
    ['content that is no id', `{"nodes":[{"name":"a","content":["${ID.toUpperCase()}"]}]}`],
    ['content that is a text', `{"nodes":[{"name":"a","content":"${ID}"}]}`],
    ['a subtree that is no id', '{"nodes":[{"name":"a","subtree":"../.."}]}'],
    ['an attribute that is no Base64', '{"nodes":[{"name":"a","extended_attributes":[{"name":"x","value":"*"}]}]}'],
    ['generic attributes that are a list', '{"nodes":[{"name":"a","generic_attributes":[]}]}'],
  ])('is refused: %s', (_what, text) => {
    expect(() => decode(text)).toThrow(expect.objectContaining({ code: 'data.malformed' }))
  })

  test('still gives its nodes where their order is not asked for', () => {
    const bytes = Buffer.from('{"nodes":[{"name":"b"},{"name":"a"},{"name":"a"}]}')
    expect(decodeTree(bytes, { anyOrder: true }).nodes.map(({ name }) => name)).toEqual(['b', 'a', 'a'])
  })
})

test('safe names stay in their folder', () => {
  for (const name of ['a', '...', '.a', 'a b', '\n', '\xff']) expect(isSafeName(name as ByteString)).toBe(true)
  for (const name of ['', '.', '..', '/', 'a/b', '../a', 'a\0']) expect(isSafeName(name as ByteString)).toBe(false)
})
