import { openStorage, verifyStorage } from '@holdfast/engine'
import { expect, it } from 'vitest'
import { ResticLab } from '../testing/restic-lab.ts'

it('keeps the whole contract of a storage towards the engine, for a client with full access', async () => {
  await using lab = await ResticLab.start()
  const login = await lab.addClient('laptop')
  await lab.grant(login, await lab.addRepository('main', 'client'), { isFull: true })
  const storage = await openStorage(lab.locationOf('main', login))
  const results = await Array.fromAsync(verifyStorage(storage))
  expect(results.length).toBeGreaterThan(10)
  expect(results.filter(({ passed }) => !passed)).toEqual([])
  await storage.close()
})
