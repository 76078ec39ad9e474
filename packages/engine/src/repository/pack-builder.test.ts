import { expect, test } from 'vitest'
import { randomSealingKey, Sealer } from '../crypto/sealer.ts'
import type { BlobId } from '../format/ids.ts'
import { DEFAULT_PACK_SIZE_BYTES, PackBuilder, packBufferBytes } from './pack-builder.ts'
import { openPackTail } from './pack-tail.ts'

const id = 'ab'.repeat(32) as BlobId

test.each([48, 56, 60, 64, 100, 4096])('a pack full of sealed blobs of %i bytes, with its header, fits into its buffer', (sealedBytes) => {
  const sealer = new Sealer(randomSealingKey())
  const buffer = new Uint8Array(packBufferBytes(DEFAULT_PACK_SIZE_BYTES))
  const builder = new PackBuilder(sealer, { buffer, packSizeBytes: DEFAULT_PACK_SIZE_BYTES })
  const sealed = new Uint8Array(sealedBytes)
  let blobs = 0
  for (; !builder.isFull; blobs++) builder.addSealed({ type: 'data', id, uncompressedLength: 0 }, sealed)
  const { content } = builder.finish()
  // Compared here: a failure must not print 37 MB.
  expect(content.buffer === buffer.buffer).toBe(true)
  const listed = openPackTail(content, sealer)
  expect(listed.length).toBe(blobs)
  expect(listed.at(-1)).toMatchObject({ id, offset: (blobs - 1) * sealedBytes, length: sealedBytes })
})

test('the tree of a gigantic folder takes a larger buffer', () => {
  const sealer = new Sealer(randomSealingKey())
  const builder = new PackBuilder(sealer, { buffer: new Uint8Array(1024), packSizeBytes: 512 })
  const tree = Buffer.alloc(5000, 'tree')
  builder.add({ type: 'tree', id, uncompressedLength: 0 }, tree)
  const { content } = builder.finish()
  expect(sealer.open(content.subarray(0, tree.length + 32)).equals(tree)).toBe(true)
  expect(openPackTail(content, sealer)).toEqual([{ id, type: 'tree', offset: 0, length: tree.length + 32 }])
})
