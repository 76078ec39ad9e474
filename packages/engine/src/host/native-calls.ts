import { isMainThread, type Worker, workerData } from 'node:worker_threads'

/**
 * Native add-ons do not survive that their thread is ended while they run: every call back into JavaScript fails from then on, which they
 * take for impossible, and the whole process dies (`FATAL ERROR: Error::ThrowAsJavaScriptException`, or SIGSEGV). So a thread says when it
 * is inside of an add-on, and whoever ends it waits until it is not.
 */

/** What a thread is started with, as a part of its `workerData`, so that {@link endThread} can end it. */
export interface EndableThread {
  /** One 32-bit word, 0 at first. */
  readonly nativeCalls: SharedArrayBuffer
}

const OUTSIDE = 0
const INSIDE = 1
/** Inside, and somebody waits for the end of the call. */
const AWAITED = 2
/** The thread must not begin another call: it is being ended. */
const ENDING = 3
/** After so long, whoever waits looks whether the thread has died meanwhile, in milliseconds. */
const LOOK_MS = 100

const ownWord = isMainThread ? undefined : wordOf(workerData as Partial<EndableThread> | null)

function wordOf(start: Partial<EndableThread> | null): Int32Array | undefined {
  return start?.nativeCalls && new Int32Array(start.nativeCalls)
}

/** The word of a thread that is about to be started. */
export function newEndableThread(): EndableThread {
  return { nativeCalls: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT) }
}

/** Runs a function that goes through a native add-on; calls must not be nested. A thread that is being ended never returns from here. */
export function nativeCall<Result>(call: () => Result): Result {
  if (ownWord === undefined) return call()
  enter(ownWord)
  try {
    return call()
  } finally {
    leave(ownWord)
  }
}

/** The same function, each call of it within {@link nativeCall}. */
export function asNativeCalls<Arguments extends readonly unknown[], Result>(call: (...args: Arguments) => Result): typeof call {
  const word = ownWord
  if (word === undefined) return call
  return (...args) => {
    enter(word)
    try {
      return call(...args)
    } finally {
      leave(word)
    }
  }
}

function enter(word: Int32Array): void {
  if (Atomics.compareExchange(word, 0, OUTSIDE, INSIDE) === ENDING) Atomics.wait(word, 0, ENDING)
}

function leave(word: Int32Array): void {
  if (Atomics.exchange(word, 0, OUTSIDE) === AWAITED) Atomics.notify(word, 0)
}

/** Ends a thread as soon as it is in no native call, whatever else it does. */
export async function endThread(worker: Worker, { nativeCalls }: EndableThread): Promise<void> {
  const word = new Int32Array(nativeCalls)
  // A thread that is no more has no number.
  while (worker.threadId !== -1) {
    const state = Atomics.compareExchange(word, 0, OUTSIDE, ENDING)
    if (state === OUTSIDE || state === ENDING) break
    Atomics.compareExchange(word, 0, INSIDE, AWAITED)
    await Atomics.waitAsync(word, 0, AWAITED, LOOK_MS).value
  }
  await worker.terminate()
}
