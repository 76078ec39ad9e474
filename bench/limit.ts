import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type LimitMode, type LimitPlan, type LimitWorkerData, STARTED } from './limit-tasks.ts'

/**
 * The limit of a first backup on this machine: only reading, SHA-256, zstd, AES-256-CTR and Poly1305, all cores busy, no process to start
 * and nothing to write, to cut or to look up. `limit.ts PLAN MODE` prints the seconds as JSON.
 */
const [planFile = '', mode = ''] = process.argv.slice(2)
process.stdout.write(
  JSON.stringify({ seconds: await runLimit(JSON.parse(readFileSync(planFile, 'utf8')) as LimitPlan, mode as LimitMode) }),
)

async function runLimit(plan: LimitPlan, limitMode: LimitMode): Promise<number> {
  const control = new SharedArrayBuffer(8)
  const words = new Int32Array(control)
  const workerData: LimitWorkerData = { plan, mode: limitMode, control }
  const workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(new URL('./limit-worker.ts', import.meta.url), { workerData }),
  )
  await Promise.all(workers.map(nextMessage))
  const done = Promise.all(workers.map(nextMessage))
  const startedAt = process.hrtime.bigint()
  Atomics.store(words, STARTED, 1)
  Atomics.notify(words, STARTED)
  await done
  return Number(process.hrtime.bigint() - startedAt) / 1e9
}

function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
