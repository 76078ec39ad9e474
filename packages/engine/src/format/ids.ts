/** A SHA-256 value as 64 lower-case hexadecimal digits. The brands keep ids of different things apart. */
export type Id<Kind extends string = string> = string & { readonly __id: Kind }

/** SHA-256 of a blob's plaintext. A tree's id is the id of the blob that holds it. */
export type BlobId = Id<'blob'>
/** SHA-256 of a whole pack file. */
export type PackId = Id<'pack'>
/** SHA-256 of a stored (encrypted) snapshot, index, lock or key file. */
export type SnapshotId = Id<'snapshot'>
export type IndexId = Id<'index'>
export type LockId = Id<'lock'>
export type KeyId = Id<'key'>

const HEX = /^[0-9a-f]{64}$/

/** Whether `text` has the form of an id. */
export function isId(text: string): boolean {
  return HEX.test(text)
}

/** `text` as an id, or undefined when it has another form. */
export function parseId<T extends Id>(text: unknown): T | undefined {
  return typeof text === 'string' && HEX.test(text) ? (text as T) : undefined
}

/** The id of 32 bytes. */
export function idFromBytes<T extends Id>(bytes: Uint8Array): T {
  return Buffer.from(bytes.buffer, bytes.byteOffset, 32).toString('hex') as T
}

/** The eight digits that are shown to people. */
export function shortId(id: Id): string {
  return id.slice(0, 8)
}
