import { beforeAll, describe, expect, it } from 'vitest'
import type { BlobId } from '../format/ids.ts'
import { FaultyStorage } from '../testing/faulty-storage.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { sampleRepository, saveFolder } from '../testing/sample-snapshots.ts'
import type { IndexedRepository } from './indexed-repository.ts'
import { OpenRepository } from './open-repository.ts'
import { TreePackReader } from './tree-pack-reader.ts'

const memory = new MemoryStorage()
let repository: OpenRepository
let trees: readonly BlobId[] = []

beforeAll(async () => {
  repository = await sampleRepository({ storage: memory })
  const indexed = await repository.loadIndex()
  trees = await indexed.write(async (writer) => {
    const ids: BlobId[] = []
    for (let folder = 0; folder < 60; folder++) ids.push(await saveFolder(writer, { [`folder-${folder}`]: {}, [`file-${folder}`]: '' }))
    return ids
  })
})

describe('TreePackReader', () => {
  it('fetches a pack whole when many of its trees are wanted', async () => {
    const { indexed, storage } = await watched()
    const reader = new TreePackReader(indexed)
    const before = storage.calls.length
    for (const id of trees) expect(await reader.readTree(id)).toEqual(await (await repository.loadIndex()).readTree(id))
    expect(storage.calls.length - before).toBe(8)
    await Promise.all(trees.map((id) => reader.readTreeBlob(id)))
    expect(storage.calls.length - before).toBe(8)
  })

  it('fetches it once for several readers at once', async () => {
    const { indexed, storage } = await watched()
    const reader = new TreePackReader(indexed)
    const before = storage.calls.length
    await Promise.all(trees.map((id) => reader.readTreeBlob(id)))
    expect(storage.calls.length - before).toBe(8)
  })

  it('says of missing and damaged trees what the repository says', async () => {
    const missing = '0'.repeat(64) as BlobId
    await expect(new TreePackReader((await watched()).indexed).readTree(missing)).rejects.toMatchObject({ code: 'data.missing' })
    const { indexed } = await watched((call) => (call.operation === 'read' && call.kind === 'data' ? 'flip' : undefined))
    const reader = new TreePackReader(indexed)
    const failures = await Promise.all(trees.map((id) => reader.readTree(id).catch((error: unknown) => error)))
    expect(failures).toContainEqual(expect.objectContaining({ code: 'data.damaged' }))
  })

  it('goes on when the whole pack cannot be had, and tries again later', async () => {
    let whole = 0
    const { indexed } = await watched((call) => (call.operation === 'read' && call.kind === 'data' && ++whole === 8 ? 'fail' : undefined))
    const reader = new TreePackReader(indexed)
    for (const id of trees) expect((await reader.readTree(id)).nodes).toHaveLength(2)
  })
})

async function watched(
  fault: ConstructorParameters<typeof FaultyStorage>[1]['fault'] = () => undefined,
): Promise<{ indexed: IndexedRepository; storage: FaultyStorage }> {
  const storage = new FaultyStorage(memory, { fault })
  return { indexed: await new OpenRepository({ ...repository, storage }).loadIndex(), storage }
}
