import { byteStringOf, displayText, executeRestore, loadSnapshots, openRepository, openStorage, planRestore } from '@holdfast/engine'

/**
 * Restores the newest snapshot into a folder: `HOLDFAST_PASSWORD=… node restore.ts /srv/repository /tmp/restored`, with `--execute` behind
 * it to really do it.
 */
const [location = './repository', target = './restored', mode = ''] = process.argv.slice(2)
const storage = await openStorage(location)
const repository = await openRepository(storage, { password: process.env.HOLDFAST_PASSWORD ?? '' })
{
  await using lock = await repository.lock()
  const { signal } = lock
  const [newest] = (await loadSnapshots(repository, { signal })).toSorted((a, b) => (a.time < b.time ? 1 : -1))
  if (newest === undefined) throw new Error('The repository has no snapshot')
  const indexed = await repository.loadIndex({ signal })
  const plan = await planRestore(indexed, { tree: newest.tree, target: byteStringOf(target), overwrite: 'if-changed' }, { signal })
  console.log(`${plan.statistics.filesRestored} files with ${plan.statistics.bytesRestored} bytes to restore`)
  if (mode === '--execute') {
    const progress = { problem: (path: Parameters<typeof displayText>[0], error: Error) => console.log(displayText(path), error.message) }
    const { filesRestored, filesSkipped, problems } = await executeRestore(indexed, plan, { signal, progress })
    console.log(`${filesRestored} files restored, ${filesSkipped} left as they were, ${problems} problems`)
  }
}
await storage.close()
