import type { ByteString } from './byte-string.ts'
import type { BlobId } from './ids.ts'
import type { NodeType, TreeNode } from './node.ts'
import { decodeNode } from './node-decoder.ts'
import { jsonText, malformed } from './stored-json.ts'
import { QUICK_TIMESTAMP, timestampToMs, ZERO_TIMESTAMP } from './timestamp.ts'
import { decodeTree, parseExactly } from './tree.ts'
import {
  CLOSING_BRACE,
  CLOSING_BRACKET,
  COMMA,
  endOfString,
  inOrder,
  isBlank,
  nodesBeginning,
  OPENING_BRACE,
  OPENING_BRACKET,
  QUOTE,
} from './tree-text.ts'

/** As much of a node as a list of its folder shows, and where in the tree it stands. */
export interface TreeEntry {
  readonly name: ByteString
  readonly type: NodeType
  readonly size: number
  /** Since 1970, rounded down. */
  readonly modifiedAtMs: number
  readonly subtree: BlobId | undefined
  /** The byte of the tree that the node begins with; undefined in trees that begin otherwise than any program writes them. */
  readonly offset: number | undefined
}

const ENTRIES_AT_ONCE = 500
const ZERO_MS = timestampToMs(ZERO_TIMESTAMP)

/** Text of a tree that is looked at at once; longer nodes are decoded. */
const PIECE_BYTES = 64 * 1024
const TEXT = String.raw`"[^"\\]*"`
const ATTRIBUTES = String.raw`\[(?:\{"name":${TEXT},"value":(?:${TEXT}|null)\},?){0,16}\]`
const VALUE = String.raw`(?:${TEXT}|[^"\\{}[\],]+|\[[0-9a-f",]*\]|${ATTRIBUTES}|\{(?:${TEXT}[^"\\{}]*){0,32}\})`
/**
 * Fields that are not shown. Bounded, and below always behind one that is: who chose the names chose the tree, and could make one that
 * is matched in no end of ways.
 */
const OTHERS = `(?:,"(?!(?:name|type|size|mtime|subtree)")[a-z_]+":${VALUE}){0,20}`
/**
 * A node as programs write it. A pattern is machine code from its second use on: before a loop over the bytes is, the tree of a large
 * folder would have been read.
 */
const NODE = new RegExp(
  String.raw`\{"name":"([^"\\]+)","type":"([a-z]+)"${OTHERS}(?:,"mtime":"(${QUICK_TIMESTAMP})"${OTHERS})?` +
    String.raw`(?:,"size":(\d{1,15})${OTHERS})?(?:,"subtree":"([0-9a-f]{64})"${OTHERS})?\}`,
  'y',
)

/**
 * The entries of a tree in their order, in pieces, several times as fast as decoding its nodes: what a list does not show is passed over
 * and not looked at. Nodes that are written otherwise than programs write them, or with names in quotes, are decoded.
 *
 * @throws EngineError `data.malformed` for what is no tree, as far as it is looked at
 */
export function* scanTreeEntries(tree: Uint8Array): Generator<readonly TreeEntry[]> {
  const beginning = nodesBeginning(tree)
  if (beginning === undefined) yield decodeTree(tree).nodes.map((node) => entryOf(node, undefined))
  else yield* inOrder(new EntryScanner(Buffer.from(tree.buffer, tree.byteOffset, tree.byteLength), beginning).pieces())
}

/** The node that begins at `offset`, which a {@link TreeEntry} of the same tree has. @throws EngineError `data.malformed` */
export function readTreeNode(tree: Uint8Array, offset: number): TreeNode {
  return decodeOne(tree.subarray(offset, endOfValue(tree, offset)))
}

function decodeOne(node: Uint8Array): TreeNode {
  const [value] = parseExactly(`[${jsonText(node, 'tree')}]`) as readonly unknown[]
  return decodeNode(value)
}

function entryOf({ name, type, size = 0, mtime, subtree }: TreeNode, offset: number | undefined): TreeEntry {
  return { name, type, size, modifiedAtMs: timestampToMs(mtime), subtree, offset }
}

/** Goes through the nodes of a tree, from the first one on. */
class EntryScanner {
  readonly #bytes: Buffer
  #position: number
  #piece = ''
  #pieceStart = Number.NEGATIVE_INFINITY

  constructor(bytes: Buffer, position: number) {
    this.#bytes = bytes
    this.#position = position
  }

  /** The entries, some at once. */
  *pieces(): Generator<readonly TreeEntry[]> {
    for (let entries = this.#next(); entries.length > 0; entries = this.#next()) yield entries
  }

  #next(): readonly TreeEntry[] {
    const entries: TreeEntry[] = []
    while (entries.length < ENTRIES_AT_ONCE && this.#toNode()) {
      const offset = this.#position
      const entry = this.#plainEntry(offset)
      if (entry !== undefined) entries.push(entry)
      else {
        this.#position = endOfValue(this.#bytes, offset)
        entries.push(entryOf(decodeOne(this.#bytes.subarray(offset, this.#position)), offset))
      }
    }
    return entries
  }

  /** Goes to the next node; false where there is none. */
  #toNode(): boolean {
    for (;;) {
      const byte = this.#bytes[this.#position]
      if (byte === OPENING_BRACE) return true
      if (byte === CLOSING_BRACKET) return false
      if (byte !== COMMA && !isBlank(byte)) throw malformed('tree', 'not valid JSON')
      this.#position++
    }
  }

  /** The entry of a node without blanks between its parts and without escapes; undefined for any other. */
  #plainEntry(offset: number): TreeEntry | undefined {
    const match = this.#match(offset)
    if (match === null) return undefined
    const [node, name = '', type = '', mtime, size = '0', subtree] = match
    this.#position = offset + node.length
    return {
      name: name as ByteString,
      type: type as NodeType,
      size: Number(size),
      modifiedAtMs: mtime === undefined ? ZERO_MS : Date.parse(mtime),
      subtree: subtree as BlobId | undefined,
      offset,
    }
  }

  #match(offset: number): RegExpExecArray | null {
    NODE.lastIndex = offset - this.#pieceStart
    const match = NODE.exec(this.#piece)
    // The end of the piece may be within the node.
    if (match !== null || offset - this.#pieceStart < PIECE_BYTES / 2) return match
    this.#pieceStart = offset
    this.#piece = this.#bytes.toString('latin1', offset, offset + PIECE_BYTES)
    NODE.lastIndex = 0
    return NODE.exec(this.#piece)
  }
}

/** The byte behind the value that begins at `position`. */
function endOfValue(bytes: Uint8Array, position: number): number {
  const first = bytes[position]
  if (first === QUOTE) return endOfString(bytes, position) + 1
  const isNested = first === OPENING_BRACE || first === OPENING_BRACKET
  let depth = 0
  for (let end = position; end < bytes.length; end++) {
    const byte = bytes[end]
    if (byte === QUOTE) end = endOfString(bytes, end)
    else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) depth++
    else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
      if (depth === 0) return end
      depth--
      if (depth === 0 && isNested) return end + 1
    } else if (byte === COMMA && depth === 0) return end
  }
  throw malformed('tree', 'not valid JSON')
}
