import {
  checkRepository,
  displayText,
  executeIndexRepair,
  executePackRepair,
  executeSnapshotRepair,
  openRepository,
  openStorage,
  planIndexRepair,
  planPackRepair,
  planSnapshotRepair,
} from '@holdfast/engine'

/**
 * Repairs index, packs and snapshots, in this order: `HOLDFAST_PASSWORD=… node repair.ts /srv/repository`. Damaged snapshots stay beside
 * their repaired form.
 */
const [location = './repository'] = process.argv.slice(2)
const storage = await openStorage(location)
const repository = await openRepository(storage, { password: process.env.HOLDFAST_PASSWORD ?? '' })
{
  await using lock = await repository.lock({ exclusive: true })
  const { signal } = lock
  const { addedPacks, removedFiles } = await executeIndexRepair(await planIndexRepair(repository, { signal }), { signal })
  console.log(`index: ${addedPacks} packs read, ${removedFiles} files replaced`)

  const { damagedPacks } = await checkRepository(repository, { signal, readData: 'all' })
  const packs = await planPackRepair(await repository.loadIndex({ signal }), damagedPacks, { signal })
  for (const { id, soundBlobs, lost } of packs.packs)
    console.log(`pack ${id.slice(0, 8)}: ${soundBlobs} blobs rescued, ${lost.length} lost`)
  if (damagedPacks.length > 0) await executePackRepair(packs, { signal })

  const plan = await planSnapshotRepair(await repository.loadIndex({ signal }), {
    signal,
    onChange: (snapshot, path, change) => console.log(snapshot.id.slice(0, 8), displayText(path), change),
  })
  const { repaired } = await executeSnapshotRepair(plan, { signal })
  for (const { from, to } of repaired) console.log(`snapshot ${from.slice(0, 8)} repaired as ${to.slice(0, 8)}`)
}
await storage.close()
