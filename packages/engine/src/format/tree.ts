import { isUtf8 } from 'node:buffer'
import { type ByteString, bytesOf } from './byte-string.ts'
import { goString } from './go-json.ts'
import { quoteName } from './go-quote.ts'
import type { BlobId } from './ids.ts'
import type { ExtendedAttribute, Tree, TreeNode } from './node.ts'
import { decodeNode } from './node-decoder.ts'
import { runeAt, runeWidth } from './rune.ts'
import { isJsonObject, jsonText, malformed } from './stored-json.ts'

const WHAT = 'tree'

/** Names that neither Go's quoting nor its JSON changes. */
const PLAIN_NAME = /^[ !#-%'-;=?-[\]-~]*$/

/** A whole number that a JavaScript number may not hold exactly. It may also match inside of a string, which costs time only. */
const LONG_NUMBER = /[:[,]\s*\d{16}/

/** The JSON of one node as restic writes it. */
export function encodeNode(node: TreeNode): string {
  let json = encodeNodeHead(node) + encodeContent(node.content)
  if (node.subtree) json += `,"subtree":"${node.subtree}"`
  if (node.error) json += `,"error":${goString(node.error)}`
  return `${json}}`
}

/**
 * The part of a node's JSON in front of its content: all that the file system says of an entry. It is made for every file of every backup,
 * so it is one template by hand; the order of the fields is that of restic's `Node`, and what is empty or zero is left out.
 */
export function encodeNodeHead(node: Omit<TreeNode, 'content'>): string {
  let json = `{"name":${encodeName(node.name)},"type":${goString(node.type)}`
  if (node.mode) json += `,"mode":${node.mode}`
  json += `,"mtime":"${node.mtime}","atime":"${node.atime}","ctime":"${node.ctime}","uid":${node.uid},"gid":${node.gid}`
  if (node.user) json += `,"user":${goString(node.user)}`
  if (node.group) json += `,"group":${goString(node.group)}`
  if (node.inode) json += `,"inode":${node.inode}`
  if (node.device_id) json += `,"device_id":${node.device_id}`
  if (node.size) json += `,"size":${node.size}`
  if (node.links) json += `,"links":${node.links}`
  if (node.linktarget) json += encodeLinkTarget(node.linktarget)
  if (node.extended_attributes?.length) json += `,"extended_attributes":[${node.extended_attributes.map(encodeAttribute).join(',')}]`
  if (node.generic_attributes) json += encodeGenericAttributes(node.generic_attributes)
  if (node.device) json += `,"device":${node.device}`
  return json
}

/** The blob of a tree of nodes that {@link encodeNode} made, in ascending order of their names. */
export function encodeTree(encodedNodes: readonly string[]): Buffer {
  return Buffer.from(`{"nodes":[${encodedNodes.join(',')}]}\n`, 'utf8')
}

/**
 * Reads a tree. Numbers of 64 bits are kept exactly, unknown fields and missing ones are taken as Go takes them. Names are as stored, which
 * may be `..` or hold a slash: see {@link isSafeName}. Encoding the nodes again gives the same bytes for everything restic writes.
 *
 * @param options.anyOrder accept nodes in any order and names that occur twice, to rescue what a damaged tree still says
 * @throws EngineError `data.malformed`, also where the nodes are not in strictly ascending order; `repository.too-large`
 */
export function decodeTree(bytes: Uint8Array, options: { readonly anyOrder?: boolean } = {}): Tree {
  const tree = parseExactly(jsonText(bytes, WHAT))
  if (!isJsonObject(tree) || !Array.isArray(tree.nodes)) throw malformed(WHAT, 'it has no list of nodes')
  const nodes = tree.nodes.map(decodeNode)
  if (!options.anyOrder) checkOrder(nodes)
  return { nodes }
}

/** Whether a name denotes an entry of its folder and nothing else: not empty, not `.` or `..`, without slash and without NUL. */
export function isSafeName(name: ByteString): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0')
}

function encodeName(name: ByteString): string {
  return PLAIN_NAME.test(name) ? `"${name}"` : goString(quoteName(name))
}

function encodeLinkTarget(target: ByteString): string {
  const bytes = bytesOf(target)
  if (isUtf8(bytes)) return `,"linktarget":${goString(bytes.toString('utf8'))}`
  return `,"linktarget":${goString(textOfInvalid(target))},"linktarget_raw":"${bytes.toString('base64')}"`
}

/** The text of bytes that are not all UTF-8: each bad byte becomes a lone surrogate, which `goString` writes as Go writes the byte. */
function textOfInvalid(bytes: ByteString): string {
  let text = ''
  for (let index = 0; index < bytes.length; ) {
    const width = runeWidth(bytes, index)
    text += width === 1 && bytes.charCodeAt(index) >= 0x80 ? '\udc80' : String.fromCodePoint(runeAt(bytes, index))
    index += width
  }
  return text
}

function encodeAttribute({ name, value }: ExtendedAttribute): string {
  return `{"name":${goString(name)},"value":${value === null ? 'null' : `"${value}"`}}`
}

function encodeContent(content: readonly BlobId[] | null): string {
  if (content === null) return ',"content":null'
  return content.length === 0 ? ',"content":[]' : `,"content":["${content.join('","')}"]`
}

/** Go sorts the keys of a map but leaves the values, which it holds as raw JSON, in their order. */
function encodeGenericAttributes(attributes: Readonly<Record<string, unknown>>): string {
  const fields = Object.keys(attributes)
    .sort()
    .map((name) => `${goString(name)}:${encodeValue(attributes[name])}`)
  return fields.length === 0 ? '' : `,"generic_attributes":{${fields.join(',')}}`
}

function encodeValue(value: unknown): string {
  if (typeof value === 'string') return goString(value)
  if (Array.isArray(value)) return `[${value.map(encodeValue).join(',')}]`
  if (!isJsonObject(value)) return String(value)
  return `{${Object.entries(value)
    .map(([name, item]) => `${goString(name)}:${encodeValue(item)}`)
    .join(',')}}`
}

/**
 * The value of the JSON of a tree or of a part of one, whole numbers above 2^53 as `bigint`.
 *
 * @throws EngineError `data.malformed`
 */
export function parseExactly(text: string): unknown {
  try {
    return LONG_NUMBER.test(text) ? JSON.parse(text, reviveNumber) : JSON.parse(text)
  } catch (cause) {
    throw malformed(WHAT, 'not valid JSON', cause)
  }
}

/** Numbers of up to 64 bits that lost digits, from their source. Longer ones stay what they are, which no field accepts. */
function reviveNumber(_key: string, value: unknown, context: { readonly source?: string } = {}): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const { source = '' } = context
  return /^\d{16,20}$/.test(source) ? BigInt(source) : value
}

function checkOrder(nodes: readonly TreeNode[]): void {
  let last = ''
  for (const { name } of nodes) {
    if (name <= last) throw malformed(WHAT, 'its nodes are not in ascending order, or one is there twice')
    last = name
  }
}
