import type { ByteString } from '../format/byte-string.ts'
import { byteStringOf, joinBytes } from '../format/byte-string.ts'
import type { BlobId } from '../format/ids.ts'
import type { TreeNode } from '../format/node.ts'
import type { BlobType } from '../format/pack-header.ts'
import { decodeTree } from '../format/tree.ts'
import { readAhead } from '../repository/read-ahead.ts'
import { malformedFolder } from '../snapshots/tree-walker.ts'
import type { CallOptions } from '../storage/storage.ts'

/** What rewriting needs of an indexed repository. */
export interface TreeSource {
  readBlob(type: BlobType, id: BlobId, options?: CallOptions): Promise<Buffer>
}

/** What stays of a tree. */
export interface NodeSelection {
  keeps(path: ByteString, node: TreeNode): boolean
  /** Whether a folder stays of which nothing is left. */
  keepsEmptyFolder(path: ByteString): boolean
}

export interface RewriteTreeOptions extends CallOptions {
  readonly selection: NodeSelection
  /** Stores a tree and gives its id. */
  readonly saveTree: (content: Buffer) => Promise<BlobId>
  /** Told of each node that is left out, but not of what is below it. */
  readonly onDropped?: (path: ByteString) => void
}

export interface RewrittenTree {
  /** Undefined where nothing is left; the same id where nothing changed. */
  readonly tree: BlobId | undefined
  /** Files that are left, and their bytes. */
  readonly files: number
  readonly bytes: number
}

/** Trees read ahead in each folder. */
const READ_AHEAD = 4
/** Folders below folders, as in `walkTree`. */
const MAX_DEPTH = 2048

const TREE_START = '{"nodes":['
const TREE_END = /\]\}\n?$/

/**
 * Writes a tree anew without the nodes that are not kept, from the leaves up. Nodes are taken over byte for byte, with all that is not
 * known here; only the id of a subtree that changed is replaced. A tree that does not change is not written.
 *
 * @throws EngineError `data.*` for a tree that cannot be read, or has a form that cannot be taken apart without loss; `storage.*`
 */
export async function rewriteTree(source: TreeSource, root: BlobId, options: RewriteTreeOptions): Promise<RewrittenTree> {
  const rewriter = new TreeRewriter(source, options)
  const content = await source.readBlob('tree', root, { signal: options.signal })
  const tree = await rewriter.rewrite({ id: root, content, path: byteStringOf('/'), depth: 0 })
  return { tree, files: rewriter.files, bytes: rewriter.bytes }
}

/** A folder whose tree was read. */
interface ReadFolder {
  readonly id: BlobId
  readonly content: Buffer
  readonly path: ByteString
  readonly depth: number
}

/** One node that is kept, in its place. */
interface KeptNode {
  readonly path: ByteString
  readonly node: TreeNode
  readonly json: string
}

class TreeRewriter {
  files = 0
  bytes = 0
  readonly #source: TreeSource
  readonly #options: RewriteTreeOptions

  constructor(source: TreeSource, options: RewriteTreeOptions) {
    this.#source = source
    this.#options = options
  }

  async rewrite(folder: ReadFolder): Promise<BlobId | undefined> {
    if (folder.depth > MAX_DEPTH) throw malformedFolder(folder.path, `more than ${MAX_DEPTH} folders are nested`)
    const { nodes } = decodeTree(folder.content)
    const kept = this.#keptNodes(folder, nodes)
    const rewritten: string[] = []
    let isChanged = kept.length < nodes.length
    for await (const read of readAhead(kept, { start: (entry) => this.#readSubtree(entry), maxItems: READ_AHEAD })) {
      if (!read.ok) throw read.error
      const json = await this.#rewriteNode(read.item, { content: read.result, depth: folder.depth + 1 })
      isChanged ||= json !== read.item.json
      if (json !== undefined) rewritten.push(json)
    }
    if (rewritten.length === 0 && !this.#options.selection.keepsEmptyFolder(folder.path)) return undefined
    if (!isChanged) return folder.id
    return this.#options.saveTree(Buffer.from(`${TREE_START}${rewritten.join(',')}]}\n`, 'latin1'))
  }

  #keptNodes(folder: ReadFolder, nodes: readonly TreeNode[]): KeptNode[] {
    const jsons = splitTree(folder.content.toString('latin1'))
    if (jsons?.length !== nodes.length) throw malformedFolder(folder.path, 'its tree has a form that cannot be rewritten without loss')
    return nodes.flatMap((node, position) => {
      const path = joinBytes(folder.path, node.name)
      if (this.#options.selection.keeps(path, node)) return [{ path, node, json: jsons[position] ?? '' }]
      this.#options.onDropped?.(path)
      return []
    })
  }

  async #readSubtree({ path, node }: KeptNode): Promise<Buffer | undefined> {
    if (node.type !== 'dir') return undefined
    if (node.subtree === undefined) throw malformedFolder(path, 'it names no tree')
    return this.#source.readBlob('tree', node.subtree, { signal: this.#options.signal })
  }

  /** The JSON of a node after its subtree was rewritten; undefined where nothing is left of that. */
  async #rewriteNode(
    { path, node, json }: KeptNode,
    subtree: { readonly content: Buffer | undefined; readonly depth: number },
  ): Promise<string | undefined> {
    if (node.type === 'file') {
      this.files++
      this.bytes += node.size ?? 0
    }
    const { content, depth } = subtree
    if (node.subtree === undefined || content === undefined) return json
    const id = await this.rewrite({ id: node.subtree, content, path, depth })
    if (id === undefined) return undefined
    if (id === node.subtree) return json
    const replaced = replaceSubtree(json, { from: node.subtree, to: id })
    if (replaced === undefined) throw malformedFolder(path, 'its node has a form that cannot be rewritten without loss')
    return replaced
  }
}

/** The JSON texts of a tree's nodes, or undefined where the tree is not written the way that restic writes. */
function splitTree(text: string): string[] | undefined {
  if (!text.startsWith(TREE_START) || !TREE_END.test(text)) return undefined
  const end = text.search(TREE_END)
  const nodes: string[] = []
  for (let start = TREE_START.length; start < end; ) {
    const stop = endOfObject(text, start)
    if (stop === undefined || stop > end || (stop < end && text[stop] !== ',')) return undefined
    nodes.push(text.slice(start, stop))
    start = stop + 1
  }
  return nodes
}

/** The position behind the object that begins at `start`. */
function endOfObject(text: string, start: number): number | undefined {
  const token = /"(?:[^"\\]|\\.)*"|[{}]/gs
  token.lastIndex = start
  let depth = 0
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] === '{') depth++
    else if (match[0] === '}') depth--
    else continue
    if (depth === 0) return token.lastIndex
  }
  return undefined
}

/** Inside of a string the quotes would be escaped, so that the last such field is the node's own, which stands behind all nested ones. */
function replaceSubtree(json: string, ids: { readonly from: BlobId; readonly to: BlobId }): string | undefined {
  const field = `"subtree":"${ids.from}"`
  const at = json.lastIndexOf(field)
  return at < 0 ? undefined : `${json.slice(0, at)}"subtree":"${ids.to}"${json.slice(at + field.length)}`
}
