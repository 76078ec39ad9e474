import { expect, test } from 'vitest'
import type { ByteString } from './byte-string.ts'
import type { TreeNode } from './node.ts'
import type { Timestamp } from './timestamp.ts'
import { decodeTree, encodeNode, encodeTree } from './tree.ts'
import { scanTree } from './tree-scan.ts'

const TIME = '2024-03-01T12:00:00Z' as Timestamp

function nodes(count: number): readonly TreeNode[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `odd "]},{[ \\ ${String(index).padStart(7, '0')} \xe9` as ByteString,
    type: 'file' as const,
    mtime: TIME,
    atime: TIME,
    ctime: TIME,
    uid: 1,
    gid: 1,
    size: index,
    inode: 18_446_744_073_709_500_000n + BigInt(index),
    content: [],
  }))
}

test.each([0, 1, 10, 20_000])('%d nodes are scanned as they are decoded', (count) => {
  const bytes = encodeTree(nodes(count).map(encodeNode))
  expect([...scanTree(bytes)].flat()).toEqual(decodeTree(bytes).nodes)
})

test('a large tree that is no JSON, or out of order, is refused', () => {
  const encoded = nodes(20_000).map(encodeNode)
  const bytes = encodeTree(encoded)
  expect(() => [...scanTree(bytes.subarray(0, bytes.length - 100))]).toThrow('not valid JSON')
  expect(() => [...scanTree(encodeTree([...encoded].reverse()))]).toThrow('ascending order')
  const torn = Buffer.from(bytes.toString().replaceAll('},{', '};{'))
  expect(() => [...scanTree(torn)]).toThrow('not valid JSON')
})
