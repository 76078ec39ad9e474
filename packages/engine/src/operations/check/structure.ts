import { displayText } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import type { NodeType, Tree, TreeNode } from '../../format/node.ts'
import { isSafeName } from '../../format/tree.ts'
import type { BlobSet } from '../../repository/blob-set.ts'
import { plaintextLength } from '../../repository/blob-set.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { TreePackReader } from '../../repository/tree-pack-reader.ts'
import { streamTrees } from '../../snapshots/tree-stream.ts'
import type { CallOptions } from '../../storage/storage.ts'
import { type Finding, findingOf } from './findings.ts'

export interface StructureOptions extends CallOptions {
  readonly roots: Iterable<BlobId>
  /** Gets every blob that the roots reach, trees and data. */
  readonly used: BlobSet
  readonly onFinding: (finding: Finding) => void
  readonly onTree: () => void
}

const NODE_TYPES: ReadonlySet<NodeType> = new Set<NodeType>(['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket'])

/** Walks every tree that the roots reach, each once, and looks whether all that they refer to is in the index. */
export async function checkStructure(indexed: IndexedRepository, options: StructureOptions): Promise<void> {
  const { roots, used, onFinding, onTree, signal } = options
  const trees = streamTrees(new TreePackReader(indexed), roots, {
    signal,
    wants: (id) => used.add('tree', id),
    onBroken: (id, error) => {
      const message = `Tree ${id.slice(0, 10)}: ${error.message}`
      onFinding(findingOf('tree.damaged', message, { blob: { type: 'tree', id } }))
    },
  })
  for await (const { id, tree } of trees) {
    checkTree(indexed, { id, tree }, options)
    onTree()
  }
}

function checkTree(
  indexed: IndexedRepository,
  { id, tree }: { readonly id: BlobId; readonly tree: Tree },
  options: StructureOptions,
): void {
  function report(kind: 'node.invalid' | 'node.size' | 'content.missing', node: TreeNode, state: string): void {
    const message = `Tree ${id.slice(0, 10)}: ${node.type} ${JSON.stringify(displayText(node.name))} ${state}`
    options.onFinding(findingOf(kind, message, { blob: { type: 'tree', id } }))
  }
  for (const node of tree.nodes) {
    if (!isSafeName(node.name)) report('node.invalid', node, 'has a name that no file can have')
    if (!NODE_TYPES.has(node.type)) report('node.invalid', node, 'is of no known type')
    if (node.type === 'dir' && node.subtree === undefined) report('node.invalid', node, 'refers to no tree')
    if (node.type !== 'file') continue
    if (node.content === null) report('node.invalid', node, 'has no list of content')
    else checkContent(indexed, { node, content: node.content, used: options.used, report })
  }
}

function checkContent(
  indexed: IndexedRepository,
  file: {
    readonly node: TreeNode
    readonly content: readonly BlobId[]
    readonly used: BlobSet
    readonly report: (kind: 'node.size' | 'content.missing', node: TreeNode, state: string) => void
  },
): void {
  const { node, content, used, report } = file
  let [sizeBytes, missing] = [0, 0]
  let firstMissing: BlobId | undefined
  for (const id of content) {
    const entry = indexed.index.entryOf('data', id)
    if (entry >= 0) {
      used.addEntry(entry)
      sizeBytes += plaintextLength(indexed.index.locationAt(entry))
    } else {
      missing++
      firstMissing ??= id
    }
  }
  if (firstMissing !== undefined) {
    const which = missing === 1 ? `blob ${firstMissing.slice(0, 10)}` : `${missing} blobs, the first ${firstMissing.slice(0, 10)}`
    report('content.missing', node, `needs ${which}, which the index does not have`)
  } else if (sizeBytes !== (node.size ?? 0)) report('node.size', node, `has ${sizeBytes} bytes of content and a size of ${node.size ?? 0}`)
}
