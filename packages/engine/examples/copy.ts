import { copySnapshots, initRepository, isEngineError, loadSnapshots, openRepository, openStorage } from '@holdfast/engine'

/**
 * Copies what is missing from one repository to another, which is made if need be:
 * `HOLDFAST_PASSWORD=… node copy.ts /srv/repository /mnt/second`
 */
const [from = './repository', to = './second'] = process.argv.slice(2)
const password = process.env.HOLDFAST_PASSWORD ?? ''
const [sourceStorage, targetStorage] = [await openStorage(from), await openStorage(to)]
const source = await openRepository(sourceStorage, { password })
const target = await openRepository(targetStorage, { password }).catch((error: unknown) => {
  if (!isEngineError(error, 'repository.missing')) throw error
  // Both must cut files at the same places, else what is backed up to both is not recognised as the same.
  return initRepository(targetStorage, { password, chunkerPolynomial: source.chunkerPolynomial })
})
{
  await using sourceLock = await source.lock()
  await using targetLock = await target.lock()
  const signal = AbortSignal.any([sourceLock.signal, targetLock.signal])
  // Snapshots before indexes: what a listed snapshot refers to is in an index already.
  const [snapshots, targetSnapshots] = [await loadSnapshots(source, { signal }), await loadSnapshots(target, { signal })]
  const { copied, skipped, plaintextBytes } = await copySnapshots(await source.loadIndex({ signal }), await target.loadIndex({ signal }), {
    signal,
    snapshots,
    targetSnapshots,
  })
  console.log(`${copied.size} snapshots copied with ${plaintextBytes} bytes, ${skipped.size} were there already`)
}
await Promise.all([sourceStorage.close(), targetStorage.close()])
