import { describe, expect, it } from 'vitest'
import type { SnapshotId } from '../format/ids.ts'
import type { Timestamp } from '../format/timestamp.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { sampleRepository, saveSample } from '../testing/sample-snapshots.ts'
import { loadSnapshots } from './load-snapshots.ts'
import { removeSnapshot } from './save-snapshot.ts'

describe('loadSnapshots', () => {
  it('gives all snapshots, oldest first, whatever their zones', async () => {
    const repository = await sampleRepository()
    const times = ['2024-05-01T10:00:00+02:00', '2024-05-01T09:00:00Z', '2024-05-01T08:00:00.5Z', '2023-12-31T23:59:59Z']
    for (const time of times) await saveSample(repository, { file: 'x' }, { time: time as Timestamp })
    const loaded = await loadSnapshots(repository)
    expect(loaded.map(({ time }) => time)).toEqual([times[3], times[0], times[2], times[1]])
  })

  it('reports broken snapshots and gives the others', async () => {
    const storage = new MemoryStorage()
    const repository = await sampleRepository({ storage })
    const bad = await saveSample(repository, { file: 'x' })
    const good = await saveSample(repository, { file: 'y' })
    storage.replaceFile({ kind: 'snapshots', name: bad.id }, Buffer.alloc(100))
    const malformed = await repository.saveUnpacked('snapshots', Buffer.from('{"time":1}'))
    await expect(loadSnapshots(repository)).rejects.toMatchObject({ code: expect.stringMatching(/^data\./) })
    const broken = new Map<SnapshotId, string>()
    const loaded = await loadSnapshots(repository, { onBroken: (id, error) => broken.set(id, error.code) })
    expect(loaded.map(({ id }) => id)).toEqual([good.id])
    expect(broken).toEqual(
      new Map([
        [bad.id, 'data.damaged'],
        [malformed, 'data.malformed'],
      ]),
    )
  })

  it('forgets removed snapshots, twice if need be', async () => {
    const repository = await sampleRepository()
    const { id } = await saveSample(repository, { file: 'x' })
    await removeSnapshot(repository, id)
    await removeSnapshot(repository, id)
    expect(await loadSnapshots(repository)).toEqual([])
  })
})
