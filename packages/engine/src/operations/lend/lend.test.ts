import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomSealingKey, Sealer } from '../../crypto/sealer.ts'
import { byteStringOf } from '../../format/byte-string.ts'
import type { BlobId, PackId } from '../../format/ids.ts'
import { decodeIndexFile } from '../../format/index-file.ts'
import { systemClock } from '../../host/clock.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { sampleRepository, saveFolder } from '../../testing/sample-snapshots.ts'
import { executeRestore } from '../restore/restore.ts'
import { type Lender, openBorrowed } from './borrowed-repository.ts'
import { LentSnapshot } from './lent-snapshot.ts'

const key = randomSealingKey()
let target: string
let indexed: IndexedRepository
let mine: BlobId
let theirs: BlobId

beforeEach(async () => {
  target = mkdtempSync(join(tmpdir(), 'holdfast-lend-'))
  indexed = await (await sampleRepository()).loadIndex()
  // In one flush, so that both share packs.
  ;[mine, theirs] = await indexed.write(async (writer) => [
    await saveFolder(writer, { docs: { a: 'my own text', b: 'shared text' }, more: 'my own too' }),
    await saveFolder(writer, { docs: { a: 'their secret', b: 'shared text' } }),
  ])
})
afterEach(() => rmSync(target, { recursive: true, force: true }))

function lenderOf(lent: LentSnapshot): Lender {
  return {
    location: 'a server',
    indexParts: lent.indexParts,
    readIndex: async (part) => lent.readIndex(part, key),
    readPack: (pack, range) => lent.readPack(pack, range, { key }),
  }
}

describe('a lent snapshot', () => {
  test('can be restored without the key of the repository', async () => {
    const lender = lenderOf(await LentSnapshot.of(indexed, mine))
    const borrowed = await openBorrowed(lender, { key, chunkerPolynomial: '25b468838dcb75', clock: systemClock })
    const statistics = await executeRestore(borrowed, { tree: mine, target: byteStringOf(target), verify: true })
    expect(statistics).toMatchObject({ problems: 0, filesVerified: 3 })
    expect(readFileSync(join(target, 'docs', 'a'), 'utf8')).toBe('my own text')
    expect(readFileSync(join(target, 'docs', 'b'), 'utf8')).toBe('shared text')
    await expect(borrowed.repository.storage.write({ kind: 'data', name: 'a'.repeat(64) }, new Uint8Array())).rejects.toThrow('is lent')
  })

  test('shows nothing of other snapshots, though they are in the same packs', async () => {
    const lent = await LentSnapshot.of(indexed, mine)
    const other = await LentSnapshot.of(indexed, theirs)
    const names = (one: LentSnapshot): string[] =>
      decodeIndexFile(new Sealer(key).open(one.readIndex(0, key))).packs.flatMap(({ blobs }) => blobs.map(({ id }) => id))
    const foreign = names(other).filter((id) => !names(lent).includes(id)) as BlobId[]
    expect(foreign.length).toBeGreaterThan(1)
    const places = foreign.map((id) => indexed.index.find('data', id) ?? indexed.index.find('tree', id))
    for (const place of places) {
      if (place === undefined) throw new Error('the blob has no place')
      const { offset, length } = place
      const pack = indexed.packs.idOf(place.pack)
      // The packs have blobs of both, or the test shows nothing.
      expect(Buffer.from(await lent.readPack(pack, { offset, length }, { key })).equals(Buffer.alloc(length))).toBe(true)
      const sealed = await other.readPack(pack, { offset, length }, { key })
      expect(new Sealer(key).open(sealed).length).toBe(length - 32)
    }
  })

  test('gives no pack that it does not need, and no part that is not there', async () => {
    const lent = await LentSnapshot.of(indexed, mine)
    await expect(lent.readPack('f'.repeat(64) as PackId, { offset: 0, length: 10 }, { key })).rejects.toThrow('not lent')
    expect(() => lent.readIndex(1, key)).toThrow('there is none')
    expect(() => lent.readIndex(-1, key)).toThrow('there is none')
  })

  test('is sealed under the key of the borrower alone', async () => {
    const lent = await LentSnapshot.of(indexed, mine)
    expect(() => indexed.repository.sealer.open(lent.readIndex(0, key))).toThrow('does not fit')
  })
})
