import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { type TransferListItem, Worker } from 'node:worker_threads'
import { EngineError, type EngineErrorCode, type ErrorContext, messageOf } from '../errors.ts'
import { type EndableThread, endThread, newEndableThread } from '../host/native-calls.ts'

/** What goes to a worker: one task, answered once under the same number. */
export interface TaskMessage<Task> {
  readonly number: number
  readonly task: Task
}

/** An error on its way between threads, where classes do not survive. */
export interface PostedError {
  readonly code: EngineErrorCode | undefined
  readonly message: string
  readonly context: ErrorContext
}

/** What comes from a worker: the end of a task, or something it reports on the way. */
export type WorkerMessage<Result, Event> =
  | { readonly kind: 'done'; readonly number: number; readonly result: Result }
  | { readonly kind: 'failed'; readonly number: number; readonly error: PostedError }
  | { readonly kind: 'event'; readonly event: Event }

export interface WorkerPoolOptions<Event> {
  /** The module that runs in each worker, which calls `serveTasks`; or threads that have loaded it already, which the pool takes over. */
  readonly threads: URL | SpareThreads
  /** How many, unless there are threads already. */
  readonly workers?: number
  /** What `workerSettings` gives in each worker, for each its own value. */
  readonly settings: (worker: number) => unknown
  /** Called for everything a worker reports outside of a task's end, with the worker's number. */
  readonly onEvent?: (event: Event, worker: number) => void
}

interface PendingTask<Task, Result> {
  readonly task: Task
  readonly transfer: readonly TransferListItem[]
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/** A thread, and what it was started with. */
interface Thread {
  readonly worker: Worker
  readonly start: ThreadStart
}

interface PoolMember<Task, Result> extends Thread {
  readonly running: Map<number, PendingTask<Task, Result>>
}

/** Tasks that are sent to a worker ahead of the one it works on, so that it never waits for the main thread. */
const TASKS_AHEAD = 2

/**
 * After a thousand calls out of WebAssembly V8 compiles a faster way for them, which all threads share, and which is freed under a thread
 * that takes it at the moment at which the last other one ends (SIGSEGV in `Runtime_TierUpWasmToJSWrapper`, V8 13.6). What strips types
 * in Node.js makes that many in a thread whose modules are in no cache yet; without the faster way it needs about as long (200 ms).
 */
const NO_SHARED_WRAPPERS = '--wasm-wrapper-tiering-budget=1000000000'

/** As many workers as there are cores, within reason: each takes some tens of megabytes. */
export function defaultWorkerCount(): number {
  return Math.min(availableParallelism(), 16)
}

/** What a thread is started with. */
export interface ThreadStart extends EndableThread {
  /** Opened when the settings have been posted. */
  readonly gate: SharedArrayBuffer
}

/**
 * Threads that load their modules while it is still being found out what they will have to know: starting a thread takes as long as opening
 * a repository, and both can be done at once.
 */
export class SpareThreads implements AsyncDisposable {
  #threads: Thread[]
  #failure: { readonly error: unknown } | undefined

  constructor(module: URL, count: number = defaultWorkerCount()) {
    setFlagsFromString(NO_SHARED_WRAPPERS)
    this.#threads = Array.from({ length: count }, () => {
      const start: ThreadStart = { ...newEndableThread(), gate: new SharedArrayBuffer(4) }
      const worker = new Worker(module, { workerData: start })
      worker.once('error', (error) => {
        this.#failure ??= { error }
      })
      return { worker, start }
    })
  }

  /** What ended one of the threads before its time, such as a module that cannot be loaded. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  /** Hands the threads over, each with its settings. */
  hire(settings: (worker: number) => unknown): Thread[] {
    const threads = this.#threads
    this.#threads = []
    for (const [number, { worker, start }] of threads.entries()) {
      worker.postMessage(settings(number))
      Atomics.store(new Int32Array(start.gate), 0, 1)
      Atomics.notify(new Int32Array(start.gate), 0)
    }
    return threads
  }

  /** Ends the threads that nobody has taken over. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.splice(0).map(({ worker, start }) => endThread(worker, start)))
  }
}

/**
 * Worker threads that carry out tasks in the order given. Tasks begin strictly in that order over all workers, so that a task may wait for
 * an earlier one without a deadlock. A worker that dies fails all tasks.
 */
export class WorkerPool<Task, Result, Event = never> {
  readonly #workers: PoolMember<Task, Result>[]
  readonly #queue: PendingTask<Task, Result>[] = []
  #nextNumber = 0
  #failure: { readonly error: unknown } | undefined

  constructor(options: WorkerPoolOptions<Event>) {
    const { threads } = options
    const spare = threads instanceof SpareThreads ? threads : new SpareThreads(threads, options.workers)
    this.#workers = spare.hire(options.settings).map(({ worker, start }, number) => {
      const running = new Map<number, PendingTask<Task, Result>>()
      worker.on('message', (message: WorkerMessage<Result, Event>) => {
        if (message.kind === 'event') options.onEvent?.(message.event, number)
        else this.#settle(running, message)
      })
      worker.on('error', (error) => this.#fail(error))
      worker.on('exit', (code) => {
        if (code !== 0) this.#fail(new Error(`a worker thread ended with code ${code}`))
      })
      return { worker, start, running }
    })
    if (spare.failure !== undefined) this.#fail(spare.failure.error)
  }

  get workerCount(): number {
    return this.#workers.length
  }

  /** Whether all workers live. When not, a task that rejects says nothing about what it was for. */
  get isUsable(): boolean {
    return this.#failure === undefined
  }

  /** Tasks that wait for a worker. */
  get queuedCount(): number {
    return this.#queue.length
  }

  /** Resolves with the task's result. Objects in `transfer` belong to the worker afterwards. */
  run(task: Task, transfer: readonly TransferListItem[] = []): Promise<Result> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, transfer, resolve, reject })
      this.#dispatch()
    })
  }

  /** Runs a task on every worker, behind the tasks it has. */
  runOnEach(task: Task): Promise<Result[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error)
    const each = this.#workers.map(
      (member) => new Promise<Result>((resolve, reject) => this.#send(member, { task, transfer: [], resolve, reject })),
    )
    return Promise.all(each)
  }

  /** Ends the workers at once; tasks that run or wait reject. */
  async close(): Promise<void> {
    this.#fail(new EngineError('operation.cancelled', 'Cannot go on: the workers were ended'))
    await Promise.all(this.#workers.map(({ worker, start }) => endThread(worker, start)))
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const idlest = this.#workers.reduce((best, candidate) => (candidate.running.size < best.running.size ? candidate : best))
      if (idlest.running.size >= TASKS_AHEAD) return
      const pending = this.#queue.shift()
      if (pending === undefined) return
      this.#send(idlest, pending)
    }
  }

  #send(member: PoolMember<Task, Result>, pending: PendingTask<Task, Result>): void {
    const number = this.#nextNumber++
    member.running.set(number, pending)
    member.worker.postMessage({ number, task: pending.task } satisfies TaskMessage<Task>, pending.transfer)
  }

  #settle(running: Map<number, PendingTask<Task, Result>>, message: Exclude<WorkerMessage<Result, Event>, { kind: 'event' }>): void {
    const pending = running.get(message.number)
    running.delete(message.number)
    this.#dispatch()
    if (message.kind === 'done') pending?.resolve(message.result)
    else pending?.reject(receivedError(message.error))
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    const pending = [...this.#queue.splice(0), ...this.#workers.flatMap(({ running }) => [...running.values()])]
    for (const { running } of this.#workers) running.clear()
    for (const { reject } of pending) reject(error)
  }
}

/** `error` in a form that can be posted between threads. */
export function postedError(error: unknown): PostedError {
  if (error instanceof EngineError) return { code: error.code, message: error.message, context: error.context }
  return { code: undefined, message: messageOf(error), context: {} }
}

/** The error that a thread posted. */
export function receivedError({ code, message, context }: PostedError): Error {
  return code === undefined ? new Error(message) : new EngineError(code, message, { context })
}
