import { hash } from 'node:crypto'
import { decompressToLookAt } from '../../compression/zstd.ts'
import type { Sealer } from '../../crypto/sealer.ts'
import { isEngineError, messageOf } from '../../errors.ts'
import type { BlobId, PackId } from '../../format/ids.ts'
import { encodePackHeader } from '../../format/pack-header.ts'
import type { BlobIndex, IndexedBlob } from '../../repository/blob-index.ts'
import type { PackContents } from '../../repository/pack-contents.ts'
import { openRawHeader } from '../../repository/pack-tail.ts'

/** A pack to verify: its name, its number in the index, and what the storage gave. */
export interface PackContent {
  readonly id: PackId
  readonly number: number
  readonly content: Uint8Array
}

/** A blob that is not what the index promises. */
export interface DamagedBlob {
  /** Position in the index. */
  readonly entry: number
  readonly state: string
}

/** What is wrong with a pack; nothing where both lists are empty. */
export interface PackVerdict {
  /** What is wrong with the file as a whole, such as "its header cannot be read". */
  readonly states: readonly string[]
  readonly damagedBlobs: readonly DamagedBlob[]
}

const OTHER_BLOBS = 'its header lists other blobs than the index'
const ENTRIES_AT_ONCE = 1000

/** Verifies whole packs against their names, their headers and the index. */
export class PackVerifier {
  readonly #sealer: Sealer
  readonly #index: BlobIndex
  readonly #contents: PackContents

  constructor(parts: { readonly sealer: Sealer; readonly index: BlobIndex; readonly contents: PackContents }) {
    this.#sealer = parts.sealer
    this.#index = parts.index
    this.#contents = parts.contents
  }

  /** Says what is wrong with a pack. Its content is decrypted where it lies, so that it is of no use afterwards. */
  verify(pack: PackContent): PackVerdict {
    const entries = this.#contents.entriesOf(pack.number)
    const states: string[] = []
    if (hash('sha256', pack.content, 'hex') !== pack.id) states.push('its content does not hash to its name')
    const headerState = this.#compareHeader(pack, entries)
    if (headerState !== undefined) states.push(headerState)
    const damagedBlobs: DamagedBlob[] = []
    for (const entry of entries) {
      const state = this.#stateOf(this.#index.entryAt(entry), pack.content)
      if (state !== undefined) damagedBlobs.push({ entry, state })
    }
    return { states, damagedBlobs }
  }

  /** Encodes what the index says and compares that, piece by piece: a header of 300,000 blobs takes 100 times its size when decoded. */
  #compareHeader(pack: PackContent, entries: Uint32Array): string | undefined {
    try {
      const header = openRawHeader(pack.content, this.#sealer)
      let compared = 0
      for (let start = 0; start < entries.length; start += ENTRIES_AT_ONCE) {
        const blobs = Array.from(entries.subarray(start, start + ENTRIES_AT_ONCE), (entry) => this.#index.entryAt(entry))
        const expected = encodePackHeader(blobs)
        if (!expected.equals(header.subarray(compared, compared + expected.length))) return OTHER_BLOBS
        compared += expected.length
      }
      return compared === header.length && this.#contents.isContiguous(pack.number, this.#index) ? undefined : OTHER_BLOBS
    } catch (error) {
      if (!isEngineError(error, 'data.damaged')) throw error
      return `its header cannot be read (${error.message})`
    }
  }

  #stateOf(blob: IndexedBlob, content: Uint8Array): string | undefined {
    const { offset, length, uncompressedLength } = blob
    if (offset + length > content.length) return 'the pack ends before it'
    return verifyBlob(content.subarray(offset, offset + length), {
      id: blob.id,
      uncompressedLength,
      open: (sealed) => this.#sealer.openInPlace(sealed),
    })
  }
}

/** What is wrong with a blob as a pack holds it; undefined where it is sound. */
export function verifyBlob(
  sealed: Uint8Array,
  expected: { readonly id: BlobId; readonly uncompressedLength: number; readonly open: (sealed: Uint8Array) => Uint8Array },
): string | undefined {
  const { id, uncompressedLength, open } = expected
  try {
    const stored = open(sealed)
    const plaintext = uncompressedLength === 0 ? stored : decompressToLookAt(stored, { maxBytes: uncompressedLength })
    if (plaintext.length !== uncompressedLength && uncompressedLength !== 0) return 'it has another length than the index says'
    return hash('sha256', plaintext, 'hex') === id ? undefined : 'its content does not hash to its id'
  } catch (error) {
    if (!isEngineError(error, 'data.damaged', 'data.malformed')) throw error
    return messageOf(error)
  }
}
