import { expect, test } from 'vitest'
import { EngineError } from '../errors.ts'
import { SpareThreads, WorkerPool } from './worker-pool.ts'

/** A worker that adds its setting to a number, fails at `fail`, and dies at `die`. */
const ADDER = moduleOf(`
  import { EngineError } from '${new URL('../errors.ts', import.meta.url)}'
  import { serveTasks, workerSettings } from '${new URL('./worker-tasks.ts', import.meta.url)}'
  const setting = workerSettings()
  serveTasks((task) => {
    if (task === 'fail') throw new EngineError('data.damaged', 'no luck', { context: { file: 'a' } })
    if (task === 'die') process.exit(3)
    return task + setting
  })
`)

function moduleOf(source: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}

function poolOf(threads: URL | SpareThreads): WorkerPool<number | 'fail' | 'die', number> {
  return new WorkerPool({ threads, workers: 2, settings: () => 100 })
}

test('answers every task, and hands errors over as they were', async () => {
  const pool = poolOf(ADDER)
  expect(await Promise.all([1, 2, 3, 4, 5, 6].map((task) => pool.run(task)))).toEqual([101, 102, 103, 104, 105, 106])
  expect(await pool.runOnEach(7)).toEqual([107, 107])
  const failure = pool.run('fail')
  await expect(failure).rejects.toThrow(EngineError)
  await expect(failure).rejects.toMatchObject({ code: 'data.damaged', message: 'no luck', context: { file: 'a' } })
  expect(pool.isUsable).toBe(true)
  await pool.close()
})

test('a worker that dies fails what runs, what waits and what comes', async () => {
  const pool = poolOf(ADDER)
  const tasks = ['die', 'die', 1, 2, 3, 4, 5, 6] as const
  const outcomes = await Promise.allSettled(tasks.map((task) => pool.run(task)))
  expect(outcomes.map(({ status }) => status)).toContain('rejected')
  expect(pool.isUsable).toBe(false)
  await expect(pool.run(1)).rejects.toThrow('ended with code 3')
  await expect(pool.runOnEach(1)).rejects.toThrow('ended with code 3')
  await pool.close()
})

test('a thread that cannot even begin fails the pool that takes it over', async () => {
  const spare = new SpareThreads(moduleOf('throw new Error("cannot begin")'), 1)
  while (spare.failure === undefined) await new Promise(setImmediate)
  const pool = poolOf(spare)
  await expect(pool.run(1)).rejects.toThrow('cannot begin')
  await pool.close()
})
