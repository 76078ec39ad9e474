import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { randomSealingKey, Sealer } from '../../crypto/sealer.ts'
import { byteStringOf } from '../../format/byte-string.ts'
import { BlobIndex } from '../../repository/blob-index.ts'
import { initRepository } from '../../repository/open-repository.ts'
import { packBufferBytes } from '../../repository/pack-builder.ts'
import { MemoryStorage } from '../../testing/memory-storage.ts'
import { backup } from './backup.ts'
import { noCounts } from './backup-tasks.ts'
import { createPackBuffers } from './pack-buffers.ts'
import { WorkerBlobStore } from './worker-blob-store.ts'

test('a blob that is claimed and cannot be stored is told of', () => {
  const failures: unknown[] = []
  const store = new WorkerBlobStore({
    sealer: new Sealer(randomSealingKey()),
    index: BlobIndex.create(),
    compression: 'off',
    packSizeBytes: 1,
    buffers: createPackBuffers(10, 1),
    onPack: () => expect.unreachable(),
    onBrokenClaim: (error) => failures.push(error),
  })
  expect(() => store.save(Buffer.from('does not fit'), noCounts())).toThrow('outgrown')
  expect(failures).toHaveLength(1)
})

test('no snapshot is made when a worker cannot store what it has claimed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-broken-claim-'))
  try {
    await writeFile(join(folder, 'file'), 'content')
    const storage = new MemoryStorage()
    const indexed = await (await initRepository(storage, { password: 'x', cost: { N: 2, r: 1, p: 1 } })).loadIndex()
    // Every pack is too large for buffers of ten bytes.
    const packSizeBytes = 10 - packBufferBytes(0)
    const targets = [byteStringOf(folder)]
    const attempt = backup(indexed, { targets, absolutePaths: [folder], packSizeBytes, readConcurrency: 1 })
    await expect(attempt).rejects.toThrow('outgrown')
    expect(await Array.fromAsync(storage.list('snapshots'))).toEqual([])
    await expect(indexed.write(async () => undefined)).rejects.toThrow('loaded anew')
  } finally {
    await rm(folder, { recursive: true })
  }
})
