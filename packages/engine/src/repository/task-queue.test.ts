import { expect, test } from 'vitest'
import { TaskQueue } from './task-queue.ts'

test('runs no more tasks at once than allowed, and all of them', async () => {
  const queue = new TaskQueue(3)
  let running = 0
  let most = 0
  let done = 0
  for (let task = 0; task < 20; task++) {
    await queue.add(async () => {
      most = Math.max(most, ++running)
      await new Promise(setImmediate)
      running--
      done++
    })
  }
  await queue.drain()
  expect({ most, done }).toEqual({ most: 3, done: 20 })
})

test('the first failure rejects everything after it and loses nothing that runs', async () => {
  const queue = new TaskQueue(2)
  let finished = false
  await queue.add(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    finished = true
  })
  await queue.add(() => Promise.reject(new Error('first')))
  await expect(queue.drain()).rejects.toThrow('first')
  expect(finished).toBe(true)
  await expect(queue.add(() => Promise.resolve())).rejects.toThrow('first')
})
