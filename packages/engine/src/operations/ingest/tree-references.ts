import { EngineError } from '../../errors.ts'
import { displayText } from '../../format/byte-string.ts'
import type { BlobId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import type { BlobType } from '../../format/pack-header.ts'
import { decodeTree, isSafeName } from '../../format/tree.ts'
import { encodeBlobNames } from '../../repository/blob-frames.ts'

/** An object in a tree is a node or an attribute of one, and has at least so many bytes; what has shorter ones is made to fill a memory. */
const OBJECT_BYTES_MIN = 24
const OPENING_BRACE = 0x7b

/**
 * The names of all blobs that a tree from outside names: contents and subtrees.
 * @throws {EngineError} `data.malformed` for what is no tree that a backup makes, down to names that are none.
 */
export function referencesOf(json: Uint8Array): Uint8Array<ArrayBuffer> {
  refuseCrowd(json)
  const references: { readonly type: BlobType; readonly id: BlobId }[] = []
  for (const node of decodeTree(json).nodes) {
    if (!isSafeName(node.name)) throw refusedNode(node, 'its name leads elsewhere')
    if (node.type === 'dir') {
      if (node.subtree === undefined) throw refusedNode(node, 'a folder names no tree')
      references.push({ type: 'tree', id: node.subtree })
    } else if (node.subtree !== undefined) throw refusedNode(node, 'only a folder has a tree')
    for (const id of node.content ?? []) references.push({ type: 'data', id })
  }
  return encodeBlobNames(references)
}

function refuseCrowd(json: Uint8Array): void {
  let objects = 0
  for (let at = json.indexOf(OPENING_BRACE); at !== -1; at = json.indexOf(OPENING_BRACE, at + 1)) objects++
  if (objects * OBJECT_BYTES_MIN > json.length + 64 * OBJECT_BYTES_MIN) {
    throw new EngineError('data.malformed', `Cannot take a tree: ${objects} objects in ${json.length} bytes are none of a backup`)
  }
}

function refusedNode({ name }: TreeNode, state: string): EngineError {
  return new EngineError('data.malformed', `Cannot take the node ${JSON.stringify(displayText(name).slice(0, 100))} of a tree: ${state}`)
}
