import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ByteString, byteStringOf } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import type { Timestamp } from '../../format/timestamp.ts'
import { encodeNode, encodeNodeHead, encodeTree } from '../../format/tree.ts'
import { ParentFolder } from './parent-folder.ts'

const TIME = '2026-01-02T03:04:05.678Z' as Timestamp

function nodeNamed(name: ByteString, parts: Partial<TreeNode> = {}): TreeNode {
  return { name, type: 'file', mode: 0o644, mtime: TIME, atime: TIME, ctime: TIME, uid: 0, gid: 0, content: [], ...parts }
}

const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex') as BlobId)
const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 12 }).map(byteStringOf),
  fc.uint8Array({ minLength: 1, maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('latin1') as ByteString),
)
const attribute = fc.record({ name: fc.constantFrom('user.a', 'user.},{"name":"x"'), value: fc.constant('eA==') })
const parts = fc.oneof<fc.Arbitrary<Partial<TreeNode>>[]>(
  fc.record({ content: fc.array(id, { maxLength: 4 }), extended_attributes: fc.array(attribute, { maxLength: 2 }) }),
  id.map((subtree) => ({ type: 'dir' as const, content: null, subtree })),
  name.map((linktarget) => ({ type: 'symlink' as const, content: null, linktarget })),
)
const folder = fc
  .uniqueArray(fc.tuple(name, parts), { selector: ([text]) => text, maxLength: 12 })
  .map((entries) => entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([text, rest]) => nodeNamed(text, rest)))

describe('a folder of the parent snapshot', () => {
  test('gives every node of an unchanged folder as it stands', () => {
    fc.assert(
      fc.property(folder, (nodes) => {
        const parent = new ParentFolder(encodeTree(nodes.map(encodeNode)))
        for (const node of nodes) {
          expect(parent.takeNext(encodeNodeHead(node))).toEqual({
            json: encodeNode(node),
            content: node.content ?? [],
            subtree: node.subtree,
          })
        }
        expect(parent.holdsExactly(nodes.map(encodeNode))).toBe(true)
      }),
    )
  })

  test('never gives a node whose head differs, and finds it by name', () => {
    fc.assert(
      fc.property(folder, fc.nat(), (nodes, choice) => {
        const node = nodes[choice % Math.max(nodes.length, 1)]
        if (node === undefined) return
        const parent = new ParentFolder(encodeTree(nodes.map(encodeNode)))
        expect(parent.takeNext(encodeNodeHead({ ...node, inode: 5 }))).toBeUndefined()
        expect(parent.find(node.name)?.content).toEqual(node.content)
      }),
    )
  })

  test('holds exactly its own nodes: none is more, less, another, or in another place', () => {
    fc.assert(
      fc.property(folder, fc.nat(), (nodes, choice) => {
        const own = nodes.map(encodeNode)
        const parent = new ParentFolder(encodeTree(own))
        for (const [position, node] of nodes.entries()) parent.takeNext(encodeNodeHead(node)) ?? expect.fail(`no ${position}`)
        const place = choice % (own.length + 1)
        const more = encodeNode(nodeNamed(byteStringOf('one more')))
        expect(parent.holdsExactly(own.toSpliced(place, 0, more))).toBe(false)
        expect(parent.holdsExactly([...own, more])).toBe(false)
        if (place === own.length) return
        expect(parent.holdsExactly(own.toSpliced(place, 1))).toBe(false)
        expect(parent.holdsExactly(own.toSpliced(place, 1, more))).toBe(false)
        if (own.length > 1) expect(parent.holdsExactly([...own.slice(1), ...own.slice(0, 1)])).toBe(false)
      }),
    )
  })

  test('takes nothing out of its turn', () => {
    const nodes = ['a', 'b', 'c'].map((text) => nodeNamed(byteStringOf(text)))
    const heads = nodes.map(encodeNodeHead)
    const parent = new ParentFolder(encodeTree(nodes.map(encodeNode)))
    expect(parent.takeNext(heads[1] ?? '')).toBeUndefined()
    expect(parent.takeNext(heads[0] ?? '')).toBeDefined()
    expect(parent.takeNext(heads[1] ?? '')).toBeDefined()
    expect(new ParentFolder(encodeTree([])).holdsExactly([])).toBe(true)
  })

  test('takes nothing from a tree in another form', () => {
    const node = nodeNamed(byteStringOf('a'))
    const head = encodeNodeHead(node)
    const texts = [
      '',
      '{"nodes":[',
      `{"nodes":[${head}`,
      `{"nodes":[${head},"content":[]`,
      `{"nodes":[${head},"content":["short"]}]}\n`,
      `{"nodes":[${head},"content":[],"error":"}"}]}\n`,
      `{"other":1,"nodes":[${encodeNode(node)}]}\n`,
    ]
    for (const text of texts) expect(new ParentFolder(Buffer.from(text)).takeNext(head)).toBeUndefined()
    expect(() => new ParentFolder(Buffer.from('{')).find(node.name)).toThrow('JSON')
  })
})
