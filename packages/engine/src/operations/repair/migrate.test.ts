import { describe, expect, it } from 'vitest'
import { openRepository } from '../../repository/open-repository.ts'
import { FaultyStorage } from '../../testing/faulty-storage.ts'
import { MemoryStorage } from '../../testing/memory-storage.ts'
import { SAMPLE_PASSWORD, sampleRepository, saveSample } from '../../testing/sample-snapshots.ts'
import { allMigrations, type Migration } from './migrate.ts'

const upgrade = allMigrations().find(({ name }) => name === 'upgrade_repo_v2') as Migration
const CONFIG = { kind: 'config', name: '' } as const

describe('upgrade_repo_v2', () => {
  it('makes version 2 of version 1, and keeps the former config', async () => {
    const storage = new MemoryStorage()
    const repository = await sampleRepository({ version: 1, storage })
    await saveSample(repository, { a: 'text' })
    const former = await storage.read(CONFIG, 'all')
    const kept: Uint8Array[] = []
    expect(upgrade.obstacle(repository)).toBeUndefined()
    const upgraded = await upgrade.apply(repository, { keepCopy: async (content) => void kept.push(content) })
    expect(kept).toEqual([former])
    expect(upgraded.config).toEqual({ ...repository.config, version: 2 })
    expect((await openRepository(storage, { password: SAMPLE_PASSWORD })).config.version).toBe(2)
    expect(upgrade.obstacle(upgraded)).toContain('version 2')
    await expect(upgrade.apply(upgraded, { keepCopy: async () => undefined })).rejects.toMatchObject({ code: 'repository.version' })
  })

  it('refuses a repository with errors, and ends when the copy cannot be kept', async () => {
    const storage = new MemoryStorage()
    const repository = await sampleRepository({ version: 1, storage })
    const refusing = upgrade.apply(repository, { keepCopy: () => Promise.reject(new Error('no room')) })
    await expect(refusing).rejects.toThrow('no room')
    const { id } = await saveSample(repository, { a: 'text' })
    storage.replaceFile({ kind: 'snapshots', name: id }, Buffer.alloc(9))
    await expect(upgrade.apply(repository, { keepCopy: async () => undefined })).rejects.toMatchObject({ code: 'data.damaged' })
    expect((await openRepository(storage, { password: SAMPLE_PASSWORD })).config.version).toBe(1)
  })

  it('puts the former config back when the new one cannot be stored', async () => {
    const inner = new MemoryStorage()
    const repository = await sampleRepository({ version: 1, storage: inner })
    let writes = 0
    for (const fault of ['fail', 'tear'] as const) {
      writes = 0
      const storage = new FaultyStorage(inner, { fault: ({ operation }) => (operation === 'write' && ++writes === 1 ? fault : undefined) })
      const faulty = await openRepository(storage, { password: SAMPLE_PASSWORD })
      await expect(upgrade.apply(faulty, { keepCopy: async () => undefined })).rejects.toMatchObject({ code: 'storage.failed' })
      expect((await openRepository(inner, { password: SAMPLE_PASSWORD })).config).toEqual(repository.config)
    }
  })
})
