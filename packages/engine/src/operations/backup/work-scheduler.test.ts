import { expect, test } from 'vitest'
import { WorkScheduler } from './work-scheduler.ts'

test('files come before folders, the newest folder before older ones', async () => {
  const scheduler = new WorkScheduler(1)
  const order: string[] = []
  const work =
    (name: string, then: () => void = () => undefined) =>
    async () => {
      await Promise.resolve()
      order.push(name)
      then()
    }
  scheduler.addFolder(
    work('root', () => {
      scheduler.addFolder(work('folder 1'))
      scheduler.addFolder(work('folder 2'))
      scheduler.addFile(work('file 1'))
      scheduler.addFile(work('file 2'))
    }),
  )
  await scheduler.finished()
  expect(order).toEqual(['root', 'file 1', 'file 2', 'folder 2', 'folder 1'])
})

test('a failure ends the rest', async () => {
  const scheduler = new WorkScheduler(1)
  const order: string[] = []
  scheduler.addFile(() => Promise.reject(new Error('broken')))
  scheduler.addFile(async () => void order.push('after'))
  await expect(scheduler.finished()).rejects.toThrow('broken')
  await new Promise(setImmediate)
  expect(order).toEqual([])
})

test('work that still runs when another failed begins nothing new', async () => {
  const scheduler = new WorkScheduler(2)
  const begun: string[] = []
  const failed = Promise.withResolvers<void>()
  scheduler.addFolder(async () => {
    await failed.promise
    scheduler.addFile(async () => void begun.push('file'))
    scheduler.addFolder(async () => void begun.push('folder'))
  })
  scheduler.fail(new Error('broken'))
  failed.resolve()
  await expect(scheduler.finished()).rejects.toThrow('broken')
  await new Promise(setImmediate)
  expect(begun).toEqual([])
})
