import type { ByteString } from './byte-string.ts'
import { malformed } from './stored-json.ts'

/** What the JSON of a tree is cut at, by those who do not decode it as a whole. */
export const QUOTE = 0x22
export const COMMA = 0x2c
export const OPENING_BRACE = 0x7b
export const CLOSING_BRACE = 0x7d
export const OPENING_BRACKET = 0x5b
export const CLOSING_BRACKET = 0x5d

const BACKSLASH = 0x5c
const BEGINNING = /^\s*\{\s*"nodes"\s*:\s*\[/
const BEGINNING_BYTES = 64

/** The first byte behind the bracket that opens the list of nodes; undefined in trees that begin otherwise than any program writes them. */
export function nodesBeginning(tree: Uint8Array): number | undefined {
  return BEGINNING.exec(Buffer.from(tree.subarray(0, BEGINNING_BYTES)).toString('latin1'))?.[0].length
}

/** The byte of the quote that ends the string of the one at `quote`. @throws EngineError `data.malformed` where it does not end */
export function endOfString(bytes: Uint8Array, quote: number): number {
  for (let position = quote + 1; position < bytes.length; position++) {
    const byte = bytes[position]
    if (byte === BACKSLASH) position++
    else if (byte === QUOTE) return position
  }
  throw malformed('tree', 'not valid JSON')
}

/** Whether a byte is white space of JSON. */
export function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** Hands a tree's nodes on, piece by piece. @throws EngineError `data.malformed` where they are not in ascending order over all pieces */
export function* inOrder<Node extends { readonly name: ByteString }>(pieces: Iterable<readonly Node[]>): Generator<readonly Node[]> {
  let last = '' as ByteString
  for (const nodes of pieces) {
    for (const { name } of nodes) {
      if (name <= last) throw malformed('tree', 'its nodes are not in ascending order, or one is there twice')
      last = name
    }
    yield nodes
  }
}
