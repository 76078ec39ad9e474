import { describe, expect, it } from 'vitest'
import { MemoryStorage } from './memory-storage.ts'
import { describeStorageContract } from './storage-contract.ts'

describeStorageContract('MemoryStorage', () => new MemoryStorage())

describe('MemoryStorage', () => {
  it('keeps no reference to what it was given', async () => {
    const storage = new MemoryStorage()
    const content = Buffer.from('config')
    await storage.write({ kind: 'config', name: '' }, content)
    content.fill(0)
    expect(Buffer.from(await storage.read({ kind: 'config', name: '' }, 'all')).toString()).toBe('config')
  })
})
