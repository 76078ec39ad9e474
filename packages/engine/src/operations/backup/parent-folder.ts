import { isAscii } from 'node:buffer'
import type { ByteString } from '../../format/byte-string.ts'
import { type BlobId, parseId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import { decodeTree } from '../../format/tree.ts'

const BEGINNING = '{"nodes":['
const END = ']}\n'
const CONTENT = ',"content":['
const NO_CONTENT = ',"content":null'
const SUBTREE = ',"subtree":"'
/** A quoted id and a comma. */
const ID_STRIDE = 67

/** A node of the parent snapshot that says of an entry exactly what the file system says now. */
export interface SameNode {
  /** The whole node as stored. */
  readonly json: string
  /** Blobs of a file. */
  readonly content: readonly BlobId[]
  /** The tree of a folder. */
  readonly subtree: BlobId | undefined
}

/**
 * A folder as the parent snapshot has it. Where little has changed, the entries of the folder and the nodes of its tree come in the same
 * order, and a node's JSON begins with exactly what would be written for the entry now: then it is taken as it stands, and the tree need
 * not be parsed. Parsing trees is otherwise the larger part of a backup in which nothing has changed.
 */
export class ParentFolder {
  readonly #bytes: Uint8Array
  readonly #text: string
  /** Where the next node begins, as long as all nodes so far were taken in order. */
  #at: number
  /** All nodes so far, in order: what is handed on as it is, is the same string, which is seen at once. */
  readonly #taken: string[] = []
  #byName: ReadonlyMap<ByteString, TreeNode> | undefined

  constructor(json: Uint8Array) {
    const bytes = Buffer.from(json.buffer, json.byteOffset, json.byteLength)
    this.#bytes = bytes
    this.#text = bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8')
    this.#at = this.#text.startsWith(BEGINNING) ? BEGINNING.length : this.#text.length
  }

  /** Takes the next node if it begins with `head`, the JSON of an entry in front of its content; undefined if it is another one. */
  takeNext(head: string): SameNode | undefined {
    const text = this.#text
    if (!text.startsWith(head, this.#at)) return undefined
    const tailAt = this.#at + head.length
    const end = text.indexOf('}', tailAt) + 1
    const isLast = text.startsWith(END, end)
    if (end === 0 || !(isLast || text[end] === ',')) return undefined
    const tail = readTail(text.slice(tailAt, end - 1))
    if (tail === undefined) return undefined
    const json = text.slice(this.#at, end)
    this.#at = isLast ? end : end + 1
    this.#taken.push(json)
    return { json, ...tail }
  }

  /** Whether these nodes, all taken, are all that is in the folder: then it is what it was, letter by letter, and so is its tree. */
  holdsExactly(nodes: readonly string[]): boolean {
    const isAtEnd = this.#at + END.length === this.#text.length && this.#text.endsWith(END)
    const taken = this.#taken
    return isAtEnd && nodes.length === taken.length && nodes.every((json, position) => json === taken[position])
  }

  /**
   * The node of that name, wherever it is.
   * @throws {EngineError} `data.malformed` when the tree cannot be understood.
   */
  find(name: ByteString): TreeNode | undefined {
    this.#byName ??= new Map(decodeTree(this.#bytes).nodes.map((node) => [node.name, node]))
    return this.#byName.get(name)
  }
}

/** What follows a node's head; undefined for anything but the three forms that a backup writes. */
function readTail(tail: string): Omit<SameNode, 'json'> | undefined {
  if (tail === NO_CONTENT) return { content: [], subtree: undefined }
  if (tail.startsWith(NO_CONTENT + SUBTREE)) {
    const subtree = parseId<BlobId>(tail.slice(NO_CONTENT.length + SUBTREE.length, -1))
    return subtree === undefined ? undefined : { content: [], subtree }
  }
  if (!tail.startsWith(CONTENT) || !tail.endsWith(']')) return undefined
  const content: BlobId[] = []
  for (let at = CONTENT.length; at + ID_STRIDE <= tail.length; at += ID_STRIDE) {
    const id = parseId<BlobId>(tail.slice(at + 1, at + ID_STRIDE - 2))
    if (id === undefined) return undefined
    content.push(id)
  }
  return tail.length === CONTENT.length + 1 + Math.max(0, content.length * ID_STRIDE - 1) ? { content, subtree: undefined } : undefined
}
