import { executeForget, loadSnapshots, openRepository, openStorage, planForget } from '@holdfast/engine'

/**
 * Keeps the snapshots of the last seven days, four weeks and twelve months of each host and set of paths:
 * `HOLDFAST_PASSWORD=… node forget.ts /srv/repository`, with `--execute` behind it to really remove the others.
 */
const [location = './repository', mode = ''] = process.argv.slice(2)
const storage = await openStorage(location)
const repository = await openRepository(storage, { password: process.env.HOLDFAST_PASSWORD ?? '' })
{
  await using lock = await repository.lock({ exclusive: true })
  const snapshots = await loadSnapshots(repository, { signal: lock.signal })
  const plan = planForget(snapshots, { policy: { daily: 7, weekly: 4, monthly: 12 } })
  for (const { key, keep, remove } of plan.groups)
    console.log(key.hostname, key.paths?.join(', '), `keep ${keep.length}, remove ${remove.length}`)
  if (mode === '--execute') {
    const { removed, failed } = await executeForget(repository, plan, { signal: lock.signal })
    console.log(`${removed.length} snapshots removed, ${failed.size} could not be`)
  }
}
await storage.close()
