import assert from 'node:assert'
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { postedError, type TaskMessage, type ThreadStart, type WorkerMessage } from './worker-pool.ts'

/** What the pool tells this worker before its first task; waits for it, after all modules are loaded. To be called once. */
export function workerSettings<Settings>(): Settings {
  assert(parentPort, 'workerSettings must be called in a worker thread')
  Atomics.wait(new Int32Array((workerData as ThreadStart).gate), 0, 0)
  return receiveMessageOnPort(parentPort)?.message as Settings
}

/** The worker's side of a `WorkerPool`: runs `handler` for each task, one after the other, and posts what it returns or throws. */
export function serveTasks<Task, Result>(handler: (task: Task) => Result): void {
  const port = parentPort
  assert(port, 'serveTasks must run in a worker thread')
  port.on('message', ({ number, task }: TaskMessage<Task>) => {
    const answer = ((): WorkerMessage<Result, never> => {
      try {
        return { kind: 'done', number, result: handler(task) }
      } catch (error) {
        return { kind: 'failed', number, error: postedError(error) }
      }
    })()
    port.postMessage(answer)
  })
}

/** Reports something to the main thread outside of a task's result. */
export function postEvent<Event>(event: Event): void {
  parentPort?.postMessage({ kind: 'event', event } satisfies WorkerMessage<never, Event>)
}
