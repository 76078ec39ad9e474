import { loadSnapshots, openRepository, openStorage } from '@holdfast/engine'

/** Prints the snapshots of a repository, oldest first: `HOLDFAST_PASSWORD=… node list-snapshots.ts /srv/repository` */
const [location = './repository'] = process.argv.slice(2)
const storage = await openStorage(location)
const repository = await openRepository(storage, { password: process.env.HOLDFAST_PASSWORD ?? '' })
for (const { id, time, hostname = '', paths } of await loadSnapshots(repository)) {
  console.log(id.slice(0, 8), time, hostname, paths.join(', '))
}
await storage.close()
