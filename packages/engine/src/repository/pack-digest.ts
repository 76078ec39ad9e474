import type { IndexedPack } from '../format/index-file.ts'

/**
 * 32 bits of what an index file says about a pack, whatever the order of the blobs. Two index files that say the same have the same; that
 * different ones have the same is an accident of one in four billion.
 */
export function packDigest(pack: Pick<IndexedPack, 'blobs'>): number {
  let sum = pack.blobs.length
  for (const { id, type, offset, length, uncompressed_length: uncompressedLength = 0 } of pack.blobs) {
    const name = (id.charCodeAt(0) << 16) ^ (id.charCodeAt(1) << 8) ^ id.charCodeAt(2) ^ (type === 'tree' ? 1 << 24 : 0)
    const place = Math.imul(Math.imul(offset ^ name, 0x9e37_79b1) ^ length, 0x85eb_ca77) ^ uncompressedLength
    sum = (sum + Math.imul(place ^ (place >>> 15), 0x2c1b_3c6d)) | 0
  }
  return sum
}
