import { executePrune, openRepository, openStorage, planPrune } from '@holdfast/engine'

/**
 * Says what a prune would remove: `HOLDFAST_PASSWORD=… node prune.ts /srv/repository`, with `--execute` behind it to really remove it.
 */
const [location = './repository', mode = ''] = process.argv.slice(2)
const storage = await openStorage(location)
const repository = await openRepository(storage, { password: process.env.HOLDFAST_PASSWORD ?? '' })
{
  await using lock = await repository.lock({ exclusive: true })
  const { signal } = lock
  const plan = await planPrune(await repository.loadIndex({ signal }), { signal, maxUnused: { percent: 5 } })
  const { bytes, packs } = plan.statistics
  console.log(`${bytes.removeTotal} of ${bytes.total} bytes go; ${packs.removeTotal} packs are removed, ${packs.repack} written anew`)
  if (mode === '--execute') {
    const { removedPacks } = await executePrune(plan, { signal, onProgress: ({ step, done, total }) => console.log(step, done, total) })
    console.log(`${removedPacks} packs removed`)
  }
}
await storage.close()
