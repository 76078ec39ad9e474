import { expect, test } from 'vitest'
import type { ByteString } from './byte-string.ts'
import type { BlobId } from './ids.ts'
import type { TreeNode } from './node.ts'
import { type Timestamp, timestampToMs } from './timestamp.ts'
import { decodeTree, encodeNode, encodeTree } from './tree.ts'
import { readTreeNode, scanTreeEntries } from './tree-entries.ts'

const TIME = '2024-03-01T12:00:00.123456789+02:00' as Timestamp
const ID = 'ab'.repeat(32) as BlobId
const NAMES = ['plain', 'ünï', 'quote " and \\', 'line\nbreak', 'caf\xe9', '"]},{[', '日本', 'a,b:c']

function nodes(count: number): readonly TreeNode[] {
  const made = Array.from({ length: count }, (_, index): TreeNode => {
    const name = `${NAMES[index % NAMES.length]} ${String(index).padStart(6, '0')}`
    const isFolder = index % 5 === 0
    return {
      name: Buffer.from(name, index % 8 === 4 ? 'latin1' : 'utf8').toString('latin1') as ByteString,
      type: isFolder ? 'dir' : 'file',
      mode: 420,
      mtime: TIME,
      atime: TIME,
      ctime: TIME,
      uid: 1,
      gid: 1,
      user: 'name":"x',
      ...(isFolder ? { subtree: ID } : { size: index * 1_000_003 }),
      inode: 18_446_744_073_709_500_000n + BigInt(index),
      content: isFolder ? null : [ID, ID],
      extended_attributes: index % 7 === 0 ? [{ name: 'user.size', value: 'QQ==' }] : [],
    }
  })
  return made.sort((a, b) => (a.name < b.name ? -1 : 1))
}

test.each([0, 1, 9, 5000])('the entries of %d nodes are those of the nodes, and lead to them', (count) => {
  const bytes = encodeTree(nodes(count).map(encodeNode))
  const decoded = decodeTree(bytes).nodes
  const entries = [...scanTreeEntries(bytes)].flat()
  expect(entries.map(({ offset: _, ...entry }) => entry)).toEqual(
    decoded.map(({ name, type, size = 0, mtime, subtree }) => ({ name, type, size, modifiedAtMs: timestampToMs(mtime), subtree })),
  )
  expect(entries.map(({ offset }) => readTreeNode(bytes, offset ?? -1))).toEqual(decoded)
})

test.each([
  ['blanks', (json: string) => json.replaceAll('":', '" : ').replaceAll(',"', ' ,\n "')],
  ['another beginning', (json: string) => json.replace('{"nodes":', '{"x":1,"nodes":')],
  ['null', (json: string) => json.replaceAll('"mode":420', '"size":null,"mode":420')],
  ['fields that nobody knows', (json: string) => json.replaceAll('"mode":420', '"mtimes":1,"namE":{"name":["x",{}]},"mode":420')],
])('trees with %s have the same entries', (_, change) => {
  const json = encodeTree(nodes(40).map(encodeNode)).toString()
  const bytes = Buffer.from(change(json))
  expect(bytes.toString()).not.toBe(json)
  const decoded = decodeTree(bytes).nodes
  const entries = [...scanTreeEntries(bytes)].flat()
  expect(entries.map(({ name, size, modifiedAtMs }) => ({ name, size, modifiedAtMs }))).toEqual(
    decoded.map(({ name, size = 0, mtime }) => ({ name, size, modifiedAtMs: timestampToMs(mtime) })),
  )
})

test('nodes that are larger than any, and those made to be hard to match, are read as well', () => {
  const fields = (count: number) => `,"x":1`.repeat(count)
  const hard = [
    `{"name":"a","type":"file","mtime":"${TIME}","size":1,"content":["${ID}"${`,"${ID}"`.repeat(20_000)}]}`,
    `{"name":"b","type":"file"${fields(100_000)}}`,
    ...Array.from({ length: 3000 }, (_, index) => `{"name":"c${10_000 + index}","type":"file"${fields(20)},"x":{"x":{}}${fields(40)}}`),
    `{"name":"d${'d'.repeat(1_000_000)}","type":"dir","subtree":"${ID}"}`,
    `{"name":"e","type":"file","extended_attributes":[{"name":"size","value":"eA=="},{"name":"\\"","value":null}],"size":7}`,
    `{"name":"f","type":"file","generic_attributes":{"windows.file_attributes":32,"size":"8"},"size":9}`,
  ]
  const bytes = Buffer.from(`{"nodes":[${hard.join(',')}]}`)
  const decoded = decodeTree(bytes).nodes
  const entries = [...scanTreeEntries(bytes)].flat()
  expect(entries.map(({ name, type, size, subtree }) => ({ name, type, size, subtree }))).toEqual(
    decoded.map(({ name, type, size = 0, subtree }) => ({ name, type, size, subtree })),
  )
})

test('what is no tree, or out of order, is refused', () => {
  const encoded = nodes(12).map(encodeNode)
  const bytes = encodeTree(encoded)
  const read = (tree: Uint8Array) => () => [...scanTreeEntries(tree)].flat()
  for (let end = 0; end < bytes.length - 3; end += 7) expect(read(bytes.subarray(0, end)), String(end)).toThrow()
  expect(read(encodeTree([...encoded].reverse()))).toThrow('ascending order')
  expect(read(Buffer.from(bytes.toString().replaceAll('},{', '};{')))).toThrow('not valid JSON')
  expect(read(Buffer.from(bytes.toString().replaceAll(TIME, 'today')))).toThrow('a time in RFC 3339')
  expect(read(Buffer.from(bytes.toString().replaceAll('"type":"file"', '"type":7')))).toThrow('not a string')
  expect(read(Buffer.from(bytes.toString().replaceAll(/"size":\d+/g, '"size":-1')))).toThrow('whole number')
})
