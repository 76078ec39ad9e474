/** How the kernel tags the entries of an ACL (linux/posix_acl_xattr.h), with the words of the long text form (acl(5)). */
const TAGS: ReadonlyMap<number, { readonly word: string; readonly named: boolean }> = new Map([
  [0x01, { word: 'user', named: false }],
  [0x02, { word: 'user', named: true }],
  [0x04, { word: 'group', named: false }],
  [0x08, { word: 'group', named: true }],
  [0x10, { word: 'mask', named: false }],
  [0x20, { word: 'other', named: false }],
])

const HEADER_BYTES = 4
const ENTRY_BYTES = 8

/**
 * A POSIX ACL in its long text form, users and groups as numbers, since the names are those of another machine. Undefined for bytes that
 * are no ACL.
 */
export function aclText(acl: Buffer): string | undefined {
  if (acl.length < HEADER_BYTES || (acl.length - HEADER_BYTES) % ENTRY_BYTES !== 0 || acl.readUInt32LE() !== 2) return undefined
  let text = ''
  for (let position = HEADER_BYTES; position < acl.length; position += ENTRY_BYTES) {
    const tag = TAGS.get(acl.readUInt16LE(position))
    if (tag === undefined) return undefined
    const bits = acl.readUInt16LE(position + 2)
    const permissions = `${(bits & 4) === 0 ? '-' : 'r'}${(bits & 2) === 0 ? '-' : 'w'}${(bits & 1) === 0 ? '-' : 'x'}`
    text += `${tag.word}:${tag.named ? acl.readUInt32LE(position + 4) : ''}:${permissions}\n`
  }
  return text
}
