import { type ByteString, byteStringFrom, byteStringOf } from './byte-string.ts'
import { unquoteName } from './go-quote.ts'
import { type BlobId, isId, parseId } from './ids.ts'
import type { ExtendedAttribute, NodeType, TreeNode, Uint64 } from './node.ts'
import { isJsonObject, isUint32, malformed, parseBase64 } from './stored-json.ts'
import { isTimestamp, type Timestamp, ZERO_TIMESTAMP } from './timestamp.ts'

type Fields = Readonly<Record<string, unknown>>
type NodeUnderConstruction = { -readonly [Field in keyof TreeNode]: TreeNode[Field] }

const UINT64_MAX = 2n ** 64n - 1n

/** Attributes of other systems are flat; what nests deeper than this is made to overflow a stack. */
const ATTRIBUTE_DEPTH_MAX = 100

/**
 * A node from its parsed JSON, in which whole numbers above 2^53 are a `bigint`. As in Go, `null` is the same as an absent field, and an
 * absent one is empty or zero. A type nobody knows is handed on as it is: the nodes beside it are still good.
 *
 * @throws EngineError `data.malformed` for a field of another type or a name that is not quoted as Go does
 */
export function decodeNode(value: unknown): TreeNode {
  if (!isJsonObject(value)) throw malformed('tree', 'a node is not a JSON object')
  const node: NodeUnderConstruction = {
    name: unquoteName(text(value.name, 'name') ?? ''),
    type: (text(value.type, 'type') ?? '') as NodeType,
    mtime: time(value.mtime, 'mtime'),
    atime: time(value.atime, 'atime'),
    ctime: time(value.ctime, 'ctime'),
    uid: uint32(value.uid, 'uid') ?? 0,
    gid: uint32(value.gid, 'gid') ?? 0,
    content: content(value),
  }
  addNumbers(node, value)
  addTexts(node, value)
  addAttributes(node, value)
  return node
}

function addNumbers(node: NodeUnderConstruction, fields: Fields): void {
  const mode = uint32(fields.mode, 'mode')
  if (mode !== undefined) node.mode = mode
  const inode = uint64(fields.inode, 'inode')
  if (inode !== undefined) node.inode = inode
  const deviceId = uint64(fields.device_id, 'device_id')
  if (deviceId !== undefined) node.device_id = deviceId
  const size = count(fields.size, 'size')
  if (size !== undefined) node.size = size
  const links = count(fields.links, 'links')
  if (links !== undefined) node.links = links
  const device = uint64(fields.device, 'device')
  if (device !== undefined) node.device = device
}

function addTexts(node: NodeUnderConstruction, fields: Fields): void {
  const user = text(fields.user, 'user')
  if (user !== undefined) node.user = user
  const group = text(fields.group, 'group')
  if (group !== undefined) node.group = group
  const target = linkTarget(fields)
  if (target !== undefined) node.linktarget = target
  const subtree = text(fields.subtree, 'subtree')
  if (subtree !== undefined) node.subtree = parseId<BlobId>(subtree) ?? wrong('subtree', 'an id')
  const error = text(fields.error, 'error')
  if (error !== undefined) node.error = error
}

function addAttributes(node: NodeUnderConstruction, fields: Fields): void {
  const extended = fields.extended_attributes ?? undefined
  if (extended !== undefined) {
    node.extended_attributes = Array.isArray(extended) ? extended.map(decodeAttribute) : wrong('extended_attributes', 'a list')
  }
  const generic = fields.generic_attributes ?? undefined
  if (generic === undefined) return
  checkDepth(generic, 0)
  node.generic_attributes = isJsonObject(generic) ? generic : wrong('generic_attributes', 'an object')
}

function decodeAttribute(attribute: unknown): ExtendedAttribute {
  if (!isJsonObject(attribute)) return wrong('extended_attributes', 'a list of objects')
  const value = text(attribute.value, 'value') ?? null
  if (value !== null && parseBase64(value) === undefined) return wrong('value of an extended attribute', 'Base64')
  return { name: text(attribute.name, 'name') ?? '', value }
}

function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > ATTRIBUTE_DEPTH_MAX) throw malformed('tree', 'the generic_attributes of a node are nested too deeply')
  for (const item of Object.values(value)) checkDepth(item, depth + 1)
}

function linkTarget(fields: Fields): ByteString | undefined {
  const raw = fields.linktarget_raw ?? undefined
  if (raw !== undefined) return byteStringFrom(parseBase64(raw) ?? wrong('linktarget_raw', 'Base64'))
  const target = text(fields.linktarget, 'linktarget')
  return target === undefined ? undefined : byteStringOf(target)
}

function content(fields: Fields): readonly BlobId[] | null {
  const ids = fields.content ?? null
  if (ids === null) return null
  if (!Array.isArray(ids)) return wrong('content', 'a list')
  for (const id of ids) if (typeof id !== 'string' || !isId(id)) return wrong('content', 'a list of ids')
  return ids
}

function text(stored: unknown, field: string): string | undefined {
  const value = stored ?? undefined
  return value === undefined || typeof value === 'string' ? value : wrong(field, 'a string')
}

function time(stored: unknown, field: string): Timestamp {
  const value = text(stored, field) ?? ZERO_TIMESTAMP
  return isTimestamp(value) ? value : wrong(field, 'a time in RFC 3339')
}

function uint32(stored: unknown, field: string): number | undefined {
  const value = stored ?? undefined
  return value === undefined || isUint32(value) ? value : wrong(field, 'a whole number of 32 bits')
}

function count(stored: unknown, field: string): number | undefined {
  const value = stored ?? undefined
  return value === undefined || isCount(value) ? value : wrong(field, 'a whole number from 0 to 2^53 - 1')
}

function uint64(stored: unknown, field: string): Uint64 | undefined {
  const value = stored ?? undefined
  if (value === undefined || isCount(value) || (typeof value === 'bigint' && value <= UINT64_MAX)) return value
  return wrong(field, 'a whole number of 64 bits')
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function wrong(field: string, expected: string): never {
  throw malformed('tree', `${field} of a node is not ${expected}`)
}
