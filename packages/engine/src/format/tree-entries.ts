import type { ByteString } from './byte-string.ts'
import { type BlobId, parseId } from './ids.ts'
import type { NodeType, TreeNode } from './node.ts'
import { decodeNode } from './node-decoder.ts'
import { jsonText, malformed } from './stored-json.ts'
import { isTimestamp, type Timestamp, ZERO_TIMESTAMP } from './timestamp.ts'
import { decodeTree, parseExactly } from './tree.ts'
import {
  CLOSING_BRACE,
  CLOSING_BRACKET,
  COLON,
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
  readonly mtime: Timestamp
  readonly subtree: BlobId | undefined
  /** The byte of the tree that the node begins with; undefined in trees that begin otherwise than any program writes them. */
  readonly offset: number | undefined
}

const ENTRIES_AT_ONCE = 2000

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
  return { name, type, size, mtime, subtree, offset }
}

/** Goes through the nodes of a tree, from the first one on. */
class EntryScanner {
  readonly #bytes: Buffer
  #position: number

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

  /** The entry of a node without blanks between its parts and without escapes in what is shown; undefined for any other. */
  #plainEntry(offset: number): TreeEntry | undefined {
    const bytes = this.#bytes
    const found: { -readonly [Field in keyof TreeEntry]: TreeEntry[Field] } = {
      name: '' as ByteString,
      type: '' as NodeType,
      size: 0,
      mtime: ZERO_TIMESTAMP,
      subtree: undefined,
      offset,
    }
    for (let position = offset + 1; ; position++) {
      if (bytes[position] !== QUOTE) return undefined
      const colon = endOfString(bytes, position) + 1
      if (bytes[colon] !== COLON) return undefined
      const end = endOfValue(bytes, colon + 1)
      if (!take(bytes, { key: position + 1, colon, end }, found)) return undefined
      if (bytes[end] === CLOSING_BRACE) {
        this.#position = end + 1
        return found
      }
      if (bytes[end] !== COMMA) return undefined
      position = end
    }
  }
}

/** Where a field stands: the first byte of its name, its colon, and the byte behind its value. */
interface FieldPlace {
  readonly key: number
  readonly colon: number
  readonly end: number
}

/** Takes a field that a list shows. False where its value is none that is taken as it is. */
function take(bytes: Buffer, place: FieldPlace, entry: { -readonly [Field in keyof TreeEntry]: TreeEntry[Field] }): boolean {
  const { key, colon, end } = place
  const length = colon - 1 - key
  if (length !== 4 && length !== 5 && length !== 7) return true
  const first = bytes[key]
  // Most fields are others: only those that begin like one that is wanted are compared as a whole.
  if (first !== 0x6e && first !== 0x74 && first !== 0x73 && first !== 0x6d) return true
  const name = bytes.toString('latin1', key, colon - 1)
  if (name === 'size') {
    const size = digits(bytes, colon + 1, end)
    entry.size = size
    return size >= 0
  }
  if (name !== 'name' && name !== 'type' && name !== 'mtime' && name !== 'subtree') return true
  if (bytes[colon + 1] !== QUOTE) return false
  const text = bytes.toString('latin1', colon + 2, end - 1)
  if (text.includes('\\')) return false
  if (name === 'name') entry.name = text as ByteString
  else if (name === 'type') entry.type = text as NodeType
  else if (name === 'subtree') entry.subtree = parseId<BlobId>(text)
  else if (isTimestamp(text)) entry.mtime = text
  else return false
  return name !== 'subtree' || entry.subtree !== undefined
}

/** A whole number of up to 15 digits; negative where it is none. */
function digits(bytes: Buffer, from: number, to: number): number {
  if (to - from > 15 || to === from) return -1
  let value = 0
  for (let position = from; position < to; position++) {
    const digit = (bytes[position] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
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
