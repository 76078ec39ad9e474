import { WorkerPool } from '../../repository/worker-pool.ts'
import type { CallOptions } from '../../storage/storage.ts'

/**
 * Has one task carried out by a thread of its own, which ends with it. `onEvent` is told what the thread reports on the way.
 * @throws EngineError `operation.cancelled`, or the signal's reason, when `signal` is aborted.
 */
export async function countInThread<Task, Result, Event = never>(
  module: URL,
  task: Task,
  { signal, onEvent }: CallOptions & { readonly onEvent?: ((event: Event) => void) | undefined },
): Promise<Result> {
  // A signal that is aborted already tells of it no more.
  signal?.throwIfAborted()
  const pool = new WorkerPool<Task, Result, Event>({
    threads: module,
    workers: 1,
    settings: () => undefined,
    onEvent: (event) => onEvent?.(event),
  })
  const cancel = (): void => void pool.close()
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    return await pool.run(task)
  } finally {
    signal?.removeEventListener('abort', cancel)
    await pool.close()
  }
}
