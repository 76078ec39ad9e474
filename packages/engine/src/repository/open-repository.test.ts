import { expect, test } from 'vitest'
import { EngineError, isEngineError } from '../errors.ts'
import type { SnapshotId } from '../format/ids.ts'
import { systemClock } from '../host/clock.ts'
import type { FileInfo, Storage } from '../storage/storage.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { addKey, listKeys, removeKey } from './keys.ts'
import { initRepository, openRepository } from './open-repository.ts'

const cost = { N: 2, r: 1, p: 1 }
const password = 'correct horse'

test('what init makes, open opens: same key, same config', async () => {
  const storage = new MemoryStorage()
  const made = await initRepository(storage, { password, cost })
  const opened = await openRepository(storage, { password })
  expect(opened.config).toEqual(made.config)
  expect(opened.config.version).toBe(2)
  const id = await made.saveUnpacked('snapshots', Buffer.from('{"a":1}'))
  expect((await opened.loadUnpacked('snapshots', id)).toString()).toBe('{"a":1}')
})

test('a version 1 repository holds its documents uncompressed', async () => {
  const storage = new MemoryStorage()
  const repository = await initRepository(storage, { password, cost, version: 1 })
  const id = await repository.saveUnpacked('snapshots', Buffer.from('{"a":1}'))
  const stored = await storage.read({ kind: 'snapshots', name: id }, 'all')
  expect(repository.sealer.open(stored).toString()).toBe('{"a":1}')
})

test('a key that is known opens without the password, as long as its file is there', async () => {
  const storage = new MemoryStorage()
  const { keyId: id, masterKey } = await initRepository(storage, { password, cost })
  const knownKey = { id, masterKey }
  const opened = await openRepository(storage, { password: 'not asked for', knownKey })
  expect(opened).toMatchObject({ keyId: id, masterKey })
  await addKey(storage, masterKey, { password: 'another', cost, clock: systemClock, identity: { hostname: 'h', username: 'u' } })
  await storage.remove({ kind: 'keys', name: id })
  await expect(openRepository(storage, { password, knownKey })).rejects.toMatchObject({ code: 'repository.password' })
  expect((await openRepository(storage, { password: 'another', knownKey })).keyId).not.toBe(id)
  const other = await initRepository(new MemoryStorage(), { password, cost })
  await storage.write({ kind: 'keys', name: other.keyId }, Buffer.from('{}'))
  const foreign = openRepository(storage, { password, knownKey: { id: other.keyId, masterKey: other.masterKey } })
  await expect(foreign).rejects.toMatchObject({ code: 'data.damaged' })
})

test('a wrong password, a missing repository and an existing one are told apart', async () => {
  const storage = new MemoryStorage()
  await expect(openRepository(storage, { password })).rejects.toMatchObject({ code: 'repository.missing' })
  await initRepository(storage, { password, cost })
  await expect(openRepository(storage, { password: 'wrong' })).rejects.toMatchObject({ code: 'repository.password' })
  await expect(initRepository(storage, { password, cost })).rejects.toMatchObject({ code: 'repository.exists' })
})

test('an init that was interrupted before the config can be repeated', async () => {
  const storage = new MemoryStorage()
  await initRepository(storage, { password, cost })
  await storage.remove({ kind: 'config', name: '' })
  await initRepository(storage, { password: 'another', cost })
  expect((await openRepository(storage, { password: 'another' })).config.version).toBe(2)
})

test('an init that was interrupted and repeated with the same password leaves one key', async () => {
  const storage = new MemoryStorage()
  const interrupted = await initRepository(storage, { password, cost })
  await storage.remove({ kind: 'config', name: '' })
  await initRepository(storage, { password, cost })
  expect((await openRepository(storage, { password })).keyId).toBe(interrupted.keyId)
  expect((await listKeys(storage)).keys).toHaveLength(1)
})

test('where snapshots are, no repository is made, even if the config file is gone', async () => {
  const storage = new MemoryStorage()
  await (await initRepository(storage, { password, cost })).saveUnpacked('snapshots', Buffer.from('{}'))
  await storage.remove({ kind: 'config', name: '' })
  await expect(initRepository(storage, { password, cost })).rejects.toMatchObject({ code: 'repository.exists' })
})

test('keys can be added, listed and removed, but not the one in use', async () => {
  const storage = new MemoryStorage()
  const repository = await initRepository(storage, { password, cost })
  const { clock, identity, masterKey } = repository
  const second = await addKey(storage, masterKey, { password: 'second', identity, clock, cost })
  expect((await openRepository(storage, { password: 'second' })).keyId).toBe(second)
  expect((await listKeys(storage)).keys.map(({ id }) => id).sort()).toEqual([repository.keyId, second].sort())
  await expect(removeKey(storage, repository.keyId, { inUse: repository.keyId })).rejects.toMatchObject({ code: 'input.invalid' })
  await removeKey(storage, second, { inUse: repository.keyId })
  await expect(openRepository(storage, { password: 'second' })).rejects.toMatchObject({ code: 'repository.password' })
  await expect(removeKey(storage, second, { inUse: repository.keyId })).rejects.toMatchObject({ code: 'storage.not-found' })
})

test('a broken key file does not lock out the good one', async () => {
  const storage = new MemoryStorage()
  await initRepository(storage, { password, cost })
  await storage.write({ kind: 'keys', name: '0'.repeat(64) }, Buffer.from('{"kdf":"scrypt","N":1'))
  expect((await openRepository(storage, { password })).config.version).toBe(2)
  expect((await listKeys(storage)).broken).toEqual(['0'.repeat(64)])
})

test('every bit of a document counts', async () => {
  const storage = new MemoryStorage()
  const repository = await initRepository(storage, { password, cost })
  const id = await repository.saveUnpacked('snapshots', Buffer.from('{"a":1}'))
  const file = { kind: 'snapshots', name: id } as const
  const sound = Buffer.from(await storage.read(file, 'all'))
  for (let bit = 0; bit < sound.length * 8; bit += 7) {
    const damaged = Buffer.from(sound)
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    await storage.write(file, damaged)
    await expect(repository.loadUnpacked('snapshots', id)).rejects.toMatchObject({ code: 'data.damaged' })
  }
  await storage.write(file, sound.subarray(0, 20))
  await expect(repository.loadUnpacked('snapshots', id)).rejects.toSatisfy((error) => isEngineError(error, 'data.damaged'))
  await expect(repository.loadUnpacked('snapshots', 'f'.repeat(64) as SnapshotId)).rejects.toMatchObject({ code: 'storage.not-found' })
})

test('a storage that does not even have a place for keys holds no repository', async () => {
  const storage = new MemoryStorage()
  const bucketless: Storage = {
    location: 's3:https://host/no-such-bucket',
    limits: storage.limits,
    prepare: () => storage.prepare(),
    write: (file, content) => storage.write(file, content),
    read: async (file, range) => {
      await systemClock.sleep(20)
      return storage.read(file, range)
    },
    stat: (file) => storage.stat(file),
    list: async function* () {
      yield* [] as FileInfo[]
      throw new EngineError('storage.not-found', 'Cannot list keys: the bucket does not exist')
    },
    remove: (file) => storage.remove(file),
    dismantle: () => storage.dismantle(),
    close: () => storage.close(),
  }
  await expect(openRepository(bucketless, { password })).rejects.toMatchObject({ code: 'repository.missing' })
})
