import { checkRepository, displayText, openRepository, openStorage } from '@holdfast/engine'

/** Reads a whole repository and says what is wrong with it: `HOLDFAST_PASSWORD=… node check.ts /srv/repository` */
const [location = './repository'] = process.argv.slice(2)
const storage = await openStorage(location)
const repository = await openRepository(storage, { password: process.env.HOLDFAST_PASSWORD ?? '' })
{
  await using lock = await repository.lock({ exclusive: true })
  const report = await checkRepository(repository, {
    signal: lock.signal,
    readData: 'all',
    onFinding: ({ severity, kind, message }) => console.log(severity, kind, message),
  })
  for (const { snapshot, paths, isCut } of report.affected) {
    console.log(`snapshot ${snapshot.id.slice(0, 8)} lost${isCut ? ' more than' : ''}:`, ...paths.map(displayText))
  }
  console.log(`${report.errorCount} errors, ${report.hintCount} hints; what to do: ${report.remedies.join(', ') || 'nothing'}`)
}
await storage.close()
