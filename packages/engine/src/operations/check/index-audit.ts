import type { IndexId, PackId } from '../../format/ids.ts'
import type { IndexedPack, IndexFile } from '../../format/index-file.ts'
import { aboutPack } from './pack-list.ts'
import type { Finding } from './findings.ts'

interface Mention {
  readonly digest: number
  readonly files: IndexId[]
  disputed: boolean
}

/** Notices packs that several index files name, and whether these files agree. Keeps one small record a pack. */
export class IndexAudit {
  readonly #mentions = new Map<PackId, Mention>()

  note(id: IndexId, file: IndexFile): void {
    const digests = new Map<PackId, number>()
    for (const pack of file.packs) digests.set(pack.id, ((digests.get(pack.id) ?? 0) + digestOf(pack)) | 0)
    for (const [pack, digest] of digests) {
      const known = this.#mentions.get(pack)
      if (known === undefined) this.#mentions.set(pack, { digest, files: [id], disputed: false })
      else {
        known.files.push(id)
        known.disputed ||= known.digest !== digest
      }
    }
  }

  findings(): Finding[] {
    return [...this.#mentions].flatMap(([pack, { files, disputed }]) => {
      if (files.length === 1) return []
      const names = files.map((id) => id.slice(0, 10)).join(', ')
      return disputed
        ? [aboutPack('index.conflict', pack, `index files say different things about it: ${names}`)]
        : [aboutPack('index.duplicate', pack, `several index files name it: ${names}`)]
    })
  }
}

/** A sum over the blobs, since two index files may list the same ones in another order. It has to tell accidents apart, not attacks. */
function digestOf(pack: IndexedPack): number {
  let sum = pack.blobs.length
  for (const { id, type, offset, length, uncompressed_length: uncompressedLength = 0 } of pack.blobs) {
    const name = (id.charCodeAt(0) << 16) ^ (id.charCodeAt(1) << 8) ^ id.charCodeAt(2) ^ (type === 'tree' ? 1 << 24 : 0)
    const place = Math.imul(Math.imul(offset ^ name, 0x9e37_79b1) ^ length, 0x85eb_ca77) ^ uncompressedLength
    sum = (sum + Math.imul(place ^ (place >>> 15), 0x2c1b_3c6d)) | 0
  }
  return sum
}
