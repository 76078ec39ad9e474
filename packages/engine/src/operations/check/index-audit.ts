import type { IndexId, PackId } from '../../format/ids.ts'
import type { IndexFile } from '../../format/index-file.ts'
import { packDigest } from '../../repository/pack-digest.ts'
import type { Finding } from './findings.ts'
import { aboutPack } from './pack-list.ts'

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
    for (const pack of file.packs) digests.set(pack.id, ((digests.get(pack.id) ?? 0) + packDigest(pack)) | 0)
    for (const [pack, digest] of digests) {
      const known = this.#mentions.get(pack)
      if (known === undefined) this.#mentions.set(pack, { digest, files: [id], disputed: false })
      else {
        known.files.push(id)
        known.disputed ||= known.digest !== digest
      }
    }
  }

  /** The packs that several files name. */
  repeated(): { readonly pack: PackId; readonly files: readonly IndexId[]; readonly disputed: boolean }[] {
    return [...this.#mentions].flatMap(([pack, { files, disputed }]) => (files.length === 1 ? [] : [{ pack, files, disputed }]))
  }

  findings(): Finding[] {
    return this.repeated().flatMap(({ pack, files, disputed }) => {
      const names = files.map((id) => id.slice(0, 10)).join(', ')
      return disputed
        ? [aboutPack('index.conflict', pack, `index files say different things about it: ${names}`)]
        : [aboutPack('index.duplicate', pack, `several index files name it: ${names}`)]
    })
  }
}
