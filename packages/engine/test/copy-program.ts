import { copySnapshots } from '../src/operations/copy.ts'
import { openRepository } from '../src/repository/open-repository.ts'
import { loadSnapshots } from '../src/snapshots/load-snapshots.ts'
import { openStorage } from '../src/storage/open-storage.ts'

/** Copies all snapshots, for tests that kill it. Arguments: source, target, password of both. */
const [from = '', to = '', password = ''] = process.argv.slice(2)
const source = await openRepository(await openStorage(from), { password })
const target = await openRepository(await openStorage(to), { password })
await using sourceLock = await source.lock()
await using targetLock = await target.lock()
const signal = AbortSignal.any([sourceLock.signal, targetLock.signal])
const [snapshots, targetSnapshots] = [await loadSnapshots(source), await loadSnapshots(target)]
await copySnapshots(await source.loadIndex(), await target.loadIndex(), {
  signal,
  snapshots,
  targetSnapshots,
  packSizeBytes: 1024 * 1024,
})
