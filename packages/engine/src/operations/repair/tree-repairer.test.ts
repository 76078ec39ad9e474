import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { byteStringOf, displayText } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import type { NodeType, TreeNode } from '../../format/node.ts'
import { encodeNode, encodeTree } from '../../format/tree.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { type FolderSpec, SAMPLE_TIME, SampleNode, sampleRepository, saveFolder } from '../../testing/sample-snapshots.ts'
import { TreeRepairer } from './tree-repairer.ts'

const MISSING = hash('sha256', 'missing', 'hex') as BlobId

describe('TreeRepairer', () => {
  it('keeps the ids of trees without damage', async () => {
    const { indexed, root } = await stored({ a: 'text', b: { c: 'more', d: {} }, empty: '', link: new SampleNode({ type: 'symlink' }) })
    expect(await repaired(indexed, root)).toMatchObject({ root, changes: [], saved: 0 })
  })

  it('leaves out content that is missing and corrects sizes', async () => {
    const here = hash('sha256', 'here', 'hex') as BlobId
    const { indexed, root } = await stored({
      a: new SampleNode({ size: 9, content: [here, MISSING, here] }),
      b: new SampleNode({ size: 9, content: [MISSING] }),
      c: new SampleNode({ size: 9, content: [here] }),
      d: new SampleNode({ size: 9, content: null }),
      e: new SampleNode({ size: 4, content: [here] }),
      f: 'here',
    })
    const result = await repaired(indexed, root)
    expect(result.changes).toEqual(['/a file lost content', '/b file lost all content', '/c size corrected', '/d size corrected'])
    const { nodes } = await indexed.readTree(result.root)
    expect(nodes.map(({ name, size, content }) => [name, size ?? 0, content?.length])).toEqual([
      ['a', 8, 2],
      ['b', 0, 0],
      ['c', 4, 1],
      ['d', 0, 0],
      ['e', 4, 1],
      ['f', 4, 1],
    ])
  })

  it('empties folders that are lost, and writes those above anew', async () => {
    const { indexed, root } = await stored({
      deep: { er: new SampleNode({ type: 'dir', subtree: MISSING }), file: 'x' },
      none: new SampleNode({ type: 'dir' }),
    })
    const result = await repaired(indexed, root)
    expect(result.changes).toEqual(['/deep/er folder emptied', '/none folder emptied'])
    expect((await repaired(indexed, result.root)).changes).toEqual([])
  })

  it('repairs what several folders share once', async () => {
    const broken: FolderSpec = { x: new SampleNode({ content: [MISSING] }) }
    const { indexed, root } = await stored({ a: broken, b: broken })
    expect(await repaired(indexed, root)).toMatchObject({ changes: ['/a/x file lost all content'], saved: 2 })
  })

  it('removes entries that are nothing', async () => {
    const { indexed, root } = await stored({
      a: new SampleNode({ type: 'irregular' }),
      b: new SampleNode({ type: '' as NodeType }),
      c: 'c',
    })
    const result = await repaired(indexed, root)
    expect(result.changes).toEqual(['/a entry removed', '/b entry removed'])
    expect((await indexed.readTree(result.root)).nodes.map(({ name }) => name)).toEqual(['c'])
  })

  it('rescues entries in the wrong order, with names that occur twice or cannot be', async () => {
    const nodes = ['b', 'a', 'a', '..', 'x/y', '', 'c'].map((name): TreeNode => linkNode(name))
    const { indexed, root } = await storedNodes(nodes)
    const result = await repaired(indexed, root)
    const names = (await indexed.readTree(result.root)).nodes.map(({ name }) => displayText(name))
    expect(names).toEqual(['a', 'a-repaired-1', 'b', 'c', 'unnamed-repaired-1', 'unnamed-repaired-2', 'x_y-repaired-1'])
    expect(await repaired(indexed, result.root)).toMatchObject({ root: result.root, saved: 0 })
  })

  it('gives nothing for a root that is lost or no tree', async () => {
    const { indexed } = await stored({})
    const notATree = await indexed.write(async (writer) => (await writer.saveBlob('tree', Buffer.from('{"nodes":7}'))).id)
    for (const id of [MISSING, notATree]) expect((await repaired(indexed, id)).root).toBeUndefined()
  })
})

async function stored(folder: FolderSpec): Promise<{ indexed: IndexedRepository; root: BlobId }> {
  const indexed = await (await sampleRepository()).loadIndex()
  const root = await indexed.write(async (writer) => {
    await writer.saveBlob('data', Buffer.from('here'))
    return saveFolder(writer, folder)
  })
  return { indexed, root }
}

async function storedNodes(nodes: readonly TreeNode[]): Promise<{ indexed: IndexedRepository; root: BlobId }> {
  const indexed = await (await sampleRepository()).loadIndex()
  return { indexed, root: await indexed.write(async (writer) => (await writer.saveBlob('tree', encodeTree(nodes.map(encodeNode)))).id) }
}

/** Repairs a tree, storing what is new. */
async function repaired(indexed: IndexedRepository, root: BlobId): Promise<{ root: BlobId; changes: string[]; saved: number }> {
  const changes: string[] = []
  let saved = 0
  const result = await indexed.write((writer) => {
    const saveTree = async (content: Buffer): Promise<BlobId> => {
      saved++
      return (await writer.saveBlob('tree', content)).id
    }
    const onChange = (path: string, change: string): void => void changes.push(`${path} ${change}`)
    return new TreeRepairer(indexed, { saveTree, onChange }).repair(root)
  })
  return { root: result as BlobId, changes, saved }
}

function linkNode(name: string): TreeNode {
  const times = { mtime: SAMPLE_TIME, atime: SAMPLE_TIME, ctime: SAMPLE_TIME }
  return { name: byteStringOf(name), type: 'symlink', ...times, uid: 0, gid: 0, content: null, linktarget: byteStringOf('t') }
}
