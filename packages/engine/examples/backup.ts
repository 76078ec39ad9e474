import { resolve } from 'node:path'
import { argv, env, exit } from 'node:process'
import {
  backup,
  byteStringOf,
  displayText,
  findParent,
  initRepository,
  isEngineError,
  loadSnapshots,
  openRepository,
  openStorage,
  timestampFromMs,
} from '@holdfast/engine'

/**
 * Backs up folders into a repository, which is made when there is none: `HOLDFAST_PASSWORD=… node backup.ts LOCATION FOLDER…`
 */
const [location, ...folders] = argv.slice(2)
const password = env.HOLDFAST_PASSWORD
if (location === undefined || folders.length === 0 || password === undefined) exit(1)

const storage = await openStorage(location)
try {
  const repository = await openRepository(storage, { password }).catch((error: unknown) => {
    if (isEngineError(error, 'repository.missing')) return initRepository(storage, { password })
    throw error
  })
  await using lock = await repository.lock()
  const paths = folders.map((folder) => resolve(folder))
  const snapshots = await loadSnapshots(repository)
  const { hostname } = repository.identity
  const { snapshotId, summary, errorCount } = await backup(await repository.loadIndex(), {
    targets: paths.map(byteStringOf),
    absolutePaths: paths,
    parent: findParent(snapshots, { hostname, paths, time: timestampFromMs(repository.clock.now()) }),
    signal: lock.signal,
    progress: { problem: ({ path, message }) => console.error(`${displayText(path)}: ${message}`) },
  })
  console.log(`snapshot ${snapshotId} saved: ${summary.files_new} new files, ${summary.data_added} bytes added, ${errorCount} errors`)
} finally {
  await storage.close()
}
