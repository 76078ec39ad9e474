import assert from 'node:assert'
import { parentPort } from 'node:worker_threads'
import { postedError, type TaskMessage, type WorkerMessage } from './worker-pool.ts'

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
