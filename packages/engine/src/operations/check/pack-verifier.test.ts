import { hash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { compressAlways } from '../../compression/zstd.ts'
import { randomSealingKey, Sealer } from '../../crypto/sealer.ts'
import type { BlobId, PackId } from '../../format/ids.ts'
import { encodePackHeader, type PackBlob } from '../../format/pack-header.ts'
import { BlobIndex } from '../../repository/blob-index.ts'
import { PackContents } from '../../repository/pack-contents.ts'
import { type PackVerdict, PackVerifier } from './pack-verifier.ts'

const sealer = new Sealer(randomSealingKey())
const TEXTS = ['first', 'second '.repeat(100), 'third']

/** A blob as a program with a fault may have written it. */
interface Written {
  readonly sealed: Buffer
  readonly header: PackBlob
}

describe('PackVerifier', () => {
  it('finds nothing wrong with a sound pack', () => expect(verify(TEXTS.map(written))).toEqual({ states: [], damagedBlobs: [] }))

  it('finds a pack that does not hash to its name', () => {
    const id = hash('sha256', 'another', 'hex') as PackId
    expect(verify(TEXTS.map(written), { id }).states).toEqual(['its content does not hash to its name'])
  })

  it('finds content that is authentic and not that of its id', () => {
    const [first, second, third] = TEXTS.map(written) as [Written, Written, Written]
    const swapped = { ...second, header: { ...second.header, id: idOf('something else') } }
    const verdict = verify([first, swapped, third])
    expect(verdict.states).toEqual([])
    expect(verdict.damagedBlobs).toEqual([{ entry: 1, state: 'its content does not hash to its id' }])
  })

  it('finds content of another length than the header says, and frames that are broken', () => {
    const [first, second, third] = TEXTS.map(written) as [Written, Written, Written]
    for (const uncompressedLength of [699, 701, 1, 2 ** 31 - 1]) {
      const verdict = verify([first, { ...second, header: { ...second.header, uncompressedLength } }, third])
      expect(verdict.damagedBlobs.map(({ entry }) => entry)).toEqual([1])
    }
    const garbage = { sealed: sealer.seal(randomBytes(50)), header: { ...second.header, length: 82 } }
    expect(verify([first, garbage, third]).damagedBlobs.map(({ entry }) => entry)).toEqual([1])
  })

  it('finds a blob whose bytes changed, and no other, where the name of the pack fits', () => {
    const blobs = TEXTS.map(written)
    for (const at of [0, 16, 20]) {
      const sealed = Buffer.from(blobs[1]?.sealed ?? '')
      sealed[at] = (sealed[at] ?? 0) ^ 1
      const verdict = verify(blobs.map((blob, position) => (position === 1 ? { ...blob, sealed } : blob)))
      expect(verdict.states).toEqual([])
      expect(verdict.damagedBlobs.map(({ entry }) => entry)).toEqual([1])
    }
  })

  it('finds a header that says something else than the index', () => {
    const blobs = TEXTS.map(written)
    const other = written('fourth')
    const headers = blobs.map(({ header }) => header)
    const [first, second, third] = headers as [PackBlob, PackBlob, PackBlob]
    const wrong: readonly (readonly PackBlob[])[] = [
      headers.slice(0, 2),
      [...headers, other.header],
      [first, third, second],
      [{ ...first, type: 'tree' }, second, third],
      [first, { ...second, uncompressedLength: 0 }, third],
      [],
    ]
    for (const header of wrong) expect(verify(blobs, { header }).states).toEqual(['its header lists other blobs than the index'])
  })

  it('finds a header that cannot be read, and still tells the sound blobs', () => {
    for (const tail of [Buffer.alloc(0), Buffer.from([9, 9, 9, 9]), Buffer.from([40, 0, 0, 0]), Buffer.alloc(60)]) {
      const verdict = verify(TEXTS.map(written), { tail })
      expect(verdict.states).toHaveLength(1)
      expect(verdict.states[0]).toContain('its header cannot be read')
      expect(verdict.damagedBlobs).toEqual([])
    }
  })

  it('finds blobs behind the end of the pack', () => {
    const { damagedBlobs } = verify(TEXTS.map(written), { keepBytes: 60 })
    expect(damagedBlobs.map(({ entry }) => entry)).toEqual([1, 2])
    expect(verify(TEXTS.map(written), { keepBytes: 0 }).damagedBlobs).toHaveLength(3)
  })
})

function written(text: string): Written {
  const plaintext = Buffer.from(text)
  const isCompressed = text.length > 100
  const sealed = sealer.seal(isCompressed ? compressAlways(plaintext) : plaintext)
  const uncompressedLength = isCompressed ? plaintext.length : 0
  return { sealed, header: { type: 'data', id: idOf(text), length: sealed.length, uncompressedLength } }
}

/** Verifies a pack of `blobs` whose index has them as they are written; the pack itself may end otherwise. */
function verify(
  blobs: readonly Written[],
  changes: { readonly id?: PackId; readonly header?: readonly PackBlob[]; readonly tail?: Buffer; readonly keepBytes?: number } = {},
): PackVerdict {
  const sealedHeader = sealer.seal(encodePackHeader(changes.header ?? blobs.map(({ header }) => header)))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(sealedHeader.length)
  const tail = changes.tail ?? Buffer.concat([sealedHeader, length])
  const content = Buffer.concat([...blobs.map(({ sealed }) => sealed), tail]).subarray(0, changes.keepBytes)
  const index = BlobIndex.create()
  let offset = 0
  for (const { header } of blobs) {
    index.add(header.type, header.id, { pack: 0, offset, length: header.length, uncompressedLength: header.uncompressedLength })
    offset += header.length
  }
  const verifier = new PackVerifier({ sealer, index, contents: PackContents.of(index, 1) })
  return verifier.verify({ id: changes.id ?? (hash('sha256', content, 'hex') as PackId), number: 0, content })
}

function idOf(text: string): BlobId {
  return hash('sha256', text, 'hex') as BlobId
}
