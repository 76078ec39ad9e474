import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { EngineError } from '../errors.ts'
import { FaultyStorage } from '../testing/faulty-storage.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { initRepository, openRepository } from './open-repository.ts'

async function storageWithIndexFiles(count: number): Promise<MemoryStorage> {
  const storage = new MemoryStorage()
  const repository = await initRepository(storage, { password: 'x', cost: { N: 2, r: 1, p: 1 } })
  for (let file = 0; file < count; file++) {
    const indexed = await repository.loadIndex()
    await indexed.write((writer) => writer.saveBlob('data', randomBytes(100)))
  }
  return storage
}

test('all index files are read', async () => {
  const repository = await openRepository(await storageWithIndexFiles(6), { password: 'x' })
  const indexed = await repository.loadIndex()
  expect([indexed.indexIds.length, indexed.index.size]).toEqual([6, 6])
})

test('a cancelled read rejects with the reason once, whatever that is and however many files were under way', async () => {
  const storage = await storageWithIndexFiles(6)
  const controller = new AbortController()
  const stalling = new FaultyStorage(storage, {
    fault: ({ operation, kind }) => (operation === 'read' && kind === 'index' ? 'stall' : undefined),
  })
  const repository = await openRepository(stalling, { password: 'x' })
  const loading = repository.loadIndex({ signal: controller.signal })
  setImmediate(() => controller.abort(new TypeError('not one of the engine')))
  // Rejections that nobody listens to would fail this test.
  await expect(loading).rejects.toThrow('not one of the engine')
  await new Promise(setImmediate)
})

test('a broken index file is left out if somebody is told, and so is none that the storage did not give', async () => {
  const storage = await storageWithIndexFiles(2)
  const [first] = await Array.fromAsync(storage.list('index'))
  const file = { kind: 'index', name: first?.name ?? '' } as const
  storage.replaceFile(file, Buffer.from('garbage'))
  const repository = await openRepository(storage, { password: 'x' })
  await expect(repository.loadIndex()).rejects.toMatchObject({ code: 'data.damaged' })
  const broken: string[] = []
  const indexed = await repository.loadIndex({ onBroken: (id, error) => broken.push(`${id} ${error.code}`) })
  expect(broken).toEqual([`${file.name} data.damaged`])
  expect(indexed.index.size).toBe(1)
  const failing = new FaultyStorage(storage, {
    fault: ({ operation, kind }) => (operation === 'read' && kind === 'index' ? 'fail' : undefined),
  })
  const unlucky = await openRepository(failing, { password: 'x' })
  await expect(unlucky.loadIndex({ onBroken: () => expect.unreachable() })).rejects.toThrow(EngineError)
})
