import type { ByteString } from './byte-string.ts'
import type { TreeNode } from './node.ts'
import { decodeNode } from './node-decoder.ts'
import { jsonText, malformed } from './stored-json.ts'
import { decodeTree, parseExactly } from './tree.ts'

/** Smaller trees are decoded at once, and so are those whose JSON begins otherwise than any program writes it. */
const WHOLE_BYTES = 512 * 1024
const BEGINNING = /^\s*\{\s*"nodes"\s*:\s*\[/
const BEGINNING_BYTES = 64
/** JSON that is parsed at once. */
const PIECE_BYTES = 128 * 1024

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d
const OPENING_BRACKET = 0x5b
const CLOSING_BRACKET = 0x5d

/**
 * The nodes of a tree in their order, in pieces: for folders so large that all their nodes at once would take more memory than there is.
 * One tree of a million files is some 400 MB of JSON, and several times that when it is decoded.
 *
 * @throws EngineError as `decodeTree`
 */
export function* scanTree(bytes: Uint8Array): Generator<readonly TreeNode[]> {
  const beginning = BEGINNING.exec(Buffer.from(bytes.subarray(0, BEGINNING_BYTES)).toString('latin1'))?.[0]
  if (bytes.length <= WHOLE_BYTES || beginning === undefined) {
    yield decodeTree(bytes).nodes
    return
  }
  let last = '' as ByteString
  for (const piece of pieces(bytes, beginning.length)) {
    const nodes = decodePiece(piece)
    for (const { name } of nodes) {
      if (name <= last) throw malformed('tree', 'its nodes are not in ascending order, or one is there twice')
      last = name
    }
    yield nodes
  }
}

function decodePiece(piece: Uint8Array): readonly TreeNode[] {
  const values = parseExactly(`[${jsonText(piece, 'tree')}]`)
  if (!Array.isArray(values)) throw malformed('tree', 'it has no list of nodes')
  return values.map(decodeNode)
}

/** The list of nodes, cut between nodes. */
function* pieces(bytes: Uint8Array, beginning: number): Generator<Uint8Array> {
  let [start, depth] = [beginning, 0]
  for (let position = beginning; position < bytes.length; position++) {
    const byte = bytes[position]
    if (byte === QUOTE) position = endOfString(bytes, position)
    else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) depth++
    else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
      if (depth === 0) {
        if (position > start) yield bytes.subarray(start, position)
        return
      }
      depth--
      if (depth > 0 || position - start < PIECE_BYTES) continue
      yield bytes.subarray(start, position + 1)
      start = afterComma(bytes, position + 1)
    }
  }
  throw malformed('tree', 'not valid JSON')
}

function endOfString(bytes: Uint8Array, quote: number): number {
  for (let position = quote + 1; position < bytes.length; position++) {
    const byte = bytes[position]
    if (byte === BACKSLASH) position++
    else if (byte === QUOTE) return position
  }
  throw malformed('tree', 'not valid JSON')
}

/** Where the next node begins; what stands there otherwise is no JSON and is met when it is parsed. */
function afterComma(bytes: Uint8Array, position: number): number {
  let next = position
  while (bytes[next] === 0x20 || bytes[next] === 0x0a || bytes[next] === 0x0d || bytes[next] === 0x09) next++
  return bytes[next] === 0x2c ? next + 1 : next
}
