import { byteStringOf, displayText, findFiles, loadSnapshots, openRepository, openStorage } from '@holdfast/engine'

/** Prints where a file is in all snapshots: `HOLDFAST_PASSWORD=… node find-file.ts /srv/repository '*.txt'` */
const [location = './repository', pattern = '*'] = process.argv.slice(2)
const storage = await openStorage(location)
const repository = await openRepository(storage, { password: process.env.HOLDFAST_PASSWORD ?? '' })
const snapshots = await loadSnapshots(repository)
const indexed = await repository.loadIndex()
for await (const { snapshot, path, node } of findFiles(indexed, snapshots, { patterns: [byteStringOf(pattern)], ignoreCase: true })) {
  console.log(snapshot.id.slice(0, 8), displayText(path), node.size ?? 0)
}
await storage.close()
