import type { TreeNode } from './node.ts'
import { decodeNode } from './node-decoder.ts'
import { jsonText, malformed } from './stored-json.ts'
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

/** Smaller trees are decoded at once, and so are those whose JSON begins otherwise than any program writes it. */
const WHOLE_BYTES = 512 * 1024
/** JSON that is parsed at once. */
const PIECE_BYTES = 128 * 1024

/**
 * The nodes of a tree in their order, in pieces: for folders so large that all their nodes at once would take more memory than there is.
 * One tree of a million files is some 400 MB of JSON, and several times that when it is decoded.
 *
 * @throws EngineError as `decodeTree`
 */
export function* scanTree(bytes: Uint8Array): Generator<readonly TreeNode[]> {
  const beginning = nodesBeginning(bytes)
  if (bytes.length <= WHOLE_BYTES || beginning === undefined) yield decodeTree(bytes).nodes
  else yield* inOrder(decodedPieces(bytes, beginning))
}

function* decodedPieces(bytes: Uint8Array, beginning: number): Generator<readonly TreeNode[]> {
  for (const piece of pieces(bytes, beginning)) yield decodePiece(piece)
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

/** Where the next node begins; what stands there otherwise is no JSON and is met when it is parsed. */
function afterComma(bytes: Uint8Array, position: number): number {
  let next = position
  while (isBlank(bytes[next])) next++
  return bytes[next] === COMMA ? next + 1 : next
}
