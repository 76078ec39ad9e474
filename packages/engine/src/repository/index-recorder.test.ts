import { expect, it } from 'vitest'
import type { BlobId, PackId } from '../format/ids.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { sampleRepository } from '../testing/sample-snapshots.ts'
import { IndexRecorder } from './index-recorder.ts'
import { OpenRepository } from './open-repository.ts'

it('names stored packs in the index soon at first, then ever less often', async () => {
  const clock = new ManualClock(1_000_000)
  const repository = new OpenRepository({ ...(await sampleRepository()), clock })
  const recorder = new IndexRecorder(repository, {})
  const savedAtSeconds: number[] = []
  let saved = 0
  for (let second = 0; second <= 600; second++) {
    const id = second.toString(16).padStart(64, '0')
    await recorder.record(id as PackId, [{ type: 'data', id: id as BlobId, length: 40, uncompressedLength: 0 }])
    const files = (await Array.fromAsync(repository.list('index'))).length
    if (files > saved) savedAtSeconds.push(second)
    saved = files
    clock.advance(1000)
  }
  expect(savedAtSeconds).toEqual([16, 48, 110, 232, 354, 476, 598])
  await recorder.save()
  expect((await repository.loadIndex()).index.size).toBe(601)
})
