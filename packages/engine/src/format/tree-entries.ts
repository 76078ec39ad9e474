import { type EntryKernel, instantiateEntryKernel } from './entry-kernel.ts'
import type { NodeType, TreeNode } from './node.ts'
import { decodeNode } from './node-decoder.ts'
import { jsonText, malformed } from './stored-json.ts'
import { timestampToMs } from './timestamp.ts'
import { decodeTree, parseExactly } from './tree.ts'
import {
  CLOSING_BRACE,
  CLOSING_BRACKET,
  COMMA,
  endOfString,
  isBlank,
  nodesBeginning,
  OPENING_BRACE,
  OPENING_BRACKET,
  QUOTE,
} from './tree-text.ts'

/**
 * As much of some nodes, which follow one another in a tree, as a list of their folder shows, and where they stand. A column holds a value
 * for each entry; all are overwritten when the next entries are read.
 */
export interface TreeEntries {
  readonly count: number
  /** The names' bytes, one name after the other. */
  readonly names: Uint8Array
  /** Where in {@link names} each ends. */
  readonly nameEnds: Uint32Array
  /** Places in {@link ENTRY_TYPES}, or its length for types of newer programs. */
  readonly types: Uint8Array
  /** 0 where a node has none. */
  readonly sizes: Float64Array
  /** When each was changed, in milliseconds since 1970, rounded down. */
  readonly times: Float64Array
  /** The byte of the tree that each node begins with; {@link NO_OFFSET} in trees that begin otherwise than any program writes them. */
  readonly offsets: Uint32Array
  /** The bytes of the ids of folders' trees, 32 for each entry that is a folder; zeros where a folder says none. */
  readonly subtrees: Uint8Array
}

/** What entries may be. */
export const ENTRY_TYPES: readonly NodeType[] = ['file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket']
/** Of nodes that nobody knows the place of. */
export const NO_OFFSET: number = 2 ** 32 - 1

const OTHER = ENTRY_TYPES.length
const ID_BYTES = 32

/**
 * The entries of a tree in their order, in pieces, many times as fast as decoding its nodes: what a list does not show is passed over
 * and not looked at. Nodes that are written otherwise than programs write them, or with names in quotes, are decoded.
 *
 * @throws EngineError `data.malformed` for what is no tree, as far as it is looked at
 */
export function* scanTreeEntries(tree: Uint8Array): Generator<TreeEntries> {
  const beginning = nodesBeginning(tree)
  if (beginning === undefined) yield entriesOf(decodeTree(tree).nodes, NO_OFFSET)
  else yield* inOrder(new EntryScanner(tree, beginning).pieces())
}

/** The node that begins at `offset`, which {@link TreeEntries} of the same tree have. @throws EngineError `data.malformed` */
export function readTreeNode(tree: Uint8Array, offset: number): TreeNode {
  return decodeOne(tree.subarray(offset, endOfValue(tree, offset)))
}

function decodeOne(node: Uint8Array): TreeNode {
  const [value] = parseExactly(`[${jsonText(node, 'tree')}]`) as readonly unknown[]
  return decodeNode(value)
}

/** The columns of nodes that were decoded. */
function entriesOf(nodes: readonly TreeNode[], offset: number): TreeEntries {
  let end = 0
  const folders = nodes.filter(({ type }) => type === 'dir')
  return {
    count: nodes.length,
    names: Buffer.from(nodes.map(({ name }) => name).join(''), 'latin1'),
    nameEnds: Uint32Array.from(nodes, ({ name }) => (end += name.length)),
    types: Uint8Array.from(nodes, ({ type }) => typeOf(type)),
    sizes: Float64Array.from(nodes, ({ size = 0 }) => size),
    times: Float64Array.from(nodes, ({ mtime }) => timestampToMs(mtime)),
    offsets: new Uint32Array(nodes.length).fill(offset),
    subtrees: Buffer.concat(folders.map(({ subtree }) => (subtree === undefined ? Buffer.alloc(ID_BYTES) : Buffer.from(subtree, 'hex')))),
  }
}

function typeOf(type: NodeType): number {
  const place = ENTRY_TYPES.indexOf(type)
  return place < 0 ? OTHER : place
}

/** Hands entries on, piece by piece. @throws EngineError `data.malformed` where they are not in ascending order over all pieces */
function* inOrder(pieces: Iterable<TreeEntries>): Generator<TreeEntries> {
  let last: Buffer | undefined
  for (const piece of pieces) {
    const { count, names, nameEnds } = piece
    if (last !== undefined && last.compare(names.subarray(0, nameEnds[0])) >= 0) throw outOfOrder()
    last = Buffer.copyBytesFrom(names.subarray(count === 1 ? 0 : nameEnds[count - 2], nameEnds[count - 1]))
    yield piece
  }
}

function outOfOrder(): Error {
  return malformed('tree', 'its nodes are not in ascending order, or one is there twice')
}

/** Goes through the nodes of a tree, from the first one on. */
class EntryScanner {
  readonly #tree: Uint8Array
  readonly #reading = reader().begin()
  #position: number

  constructor(tree: Uint8Array, position: number) {
    this.#tree = tree
    this.#position = position
  }

  *pieces(): Generator<TreeEntries> {
    while (this.#toNode()) {
      const entries = reader().read(this.#tree, { reading: this.#reading, position: this.#position })
      if (entries.count > 0) this.#position = entries.end
      yield entries.count > 0 ? entries : this.#decodedEntry()
    }
  }

  /** The node that is next, whatever it is written like. */
  #decodedEntry(): TreeEntries {
    const start = this.#position
    this.#position = endOfValue(this.#tree, start)
    return entriesOf([decodeOne(this.#tree.subarray(start, this.#position))], start)
  }

  /** Goes to the next node; false where there is none. */
  #toNode(): boolean {
    for (;;) {
      const byte = this.#tree[this.#position]
      if (byte === OPENING_BRACE) return true
      if (byte === CLOSING_BRACKET) return false
      if (byte !== COMMA && !isBlank(byte)) throw malformed('tree', 'not valid JSON')
      this.#position++
    }
  }
}

/** Where in a tree somebody is. */
interface ReadingPlace {
  /** What {@link EntryReader.begin} gave. */
  readonly reading: number
  readonly position: number
}

interface ReadEntries extends TreeEntries {
  /** The byte of the tree behind them, and behind the comma that follows. */
  readonly end: number
}

/** The kernel, and the part of a tree that is in its memory. */
class EntryReader {
  readonly #kernel: EntryKernel
  readonly #memory: ArrayBuffer
  readonly #text: Uint8Array
  #textStart = 0
  /** Whose text it is. Not the tree itself: that may be large, and is not kept for this. */
  #reading = 0
  #readings = 0

  constructor() {
    const { kernel, memory } = instantiateEntryKernel()
    this.#kernel = kernel
    this.#memory = memory
    this.#text = new Uint8Array(memory, kernel.TEXT.value, kernel.TEXT_BYTES.value)
  }

  /** A number for somebody who begins to read a tree. */
  begin(): number {
    return ++this.#readings
  }

  /**
   * Entries from the node on that begins at `position`; none when that one is not written as programs write nodes, or is larger than all
   * that is looked at at once.
   */
  read(tree: Uint8Array, { reading, position }: ReadingPlace): ReadEntries {
    const place = position - this.#textStart
    const isThere = this.#reading === reading && place < this.#text.length
    const entries = isThere ? this.#read(tree, position) : undefined
    // What is in the memory may end within that node.
    if (entries !== undefined && (entries.count > 0 || place < this.#text.length / 2)) return entries
    this.#text.set(tree.subarray(position, position + this.#text.length))
    this.#textStart = position
    this.#reading = reading
    return this.#read(tree, position)
  }

  #read(tree: Uint8Array, position: number): ReadEntries {
    const kernel = this.#kernel
    const memory = this.#memory
    const shift = kernel.TEXT.value - this.#textStart
    const textEnd = Math.min(tree.length, this.#textStart + this.#text.length)
    const end = kernel.read(position + shift, textEnd + shift) - shift
    if (kernel.isOutOfOrder.value !== 0) throw outOfOrder()
    const count = kernel.count.value
    return {
      count,
      end,
      names: new Uint8Array(memory, kernel.NAMES.value, kernel.nameBytes.value),
      nameEnds: new Uint32Array(memory, kernel.NAME_ENDS.value, count),
      types: new Uint8Array(memory, kernel.TYPES.value, count),
      sizes: new Float64Array(memory, kernel.SIZES.value, count),
      times: new Float64Array(memory, kernel.TIMES.value, count),
      offsets: new Uint32Array(memory, kernel.STARTS.value, count).map((start) => start + this.#textStart),
      subtrees: new Uint8Array(memory, kernel.SUBTREES.value, kernel.folders.value * ID_BYTES),
    }
  }
}

let shared: EntryReader | undefined

/** All scans of a thread take turns with one: what they need is in its memory only until the next asks. */
function reader(): EntryReader {
  shared ??= new EntryReader()
  return shared
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
