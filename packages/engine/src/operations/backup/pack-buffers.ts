/** Shared memory into which one worker builds packs and from which the main thread stores them. */
export interface PackBufferHandle {
  readonly buffers: readonly SharedArrayBuffer[]
  /** One word a buffer: {@link FREE} or {@link IN_USE}; and a counter of releases behind them, to wait on. */
  readonly states: SharedArrayBuffer
}

const FREE = 0
const IN_USE = 1

/**
 * How many buffers each worker needs: one to build a pack in, and one for every pack that the storage may be busy with meanwhile. A pack is
 * on a local disk before the next one is full; a far storage wants all its connections used. They are most of what a backup takes of
 * memory.
 */
export function buffersPerWorker(storage: { readonly isLocal: boolean; readonly connections: number }, workers: number): number {
  return storage.isLocal ? 2 : 1 + Math.max(1, Math.ceil(storage.connections / workers))
}

/** Buffers of `sizeBytes` for one worker. Memory is taken page by page as packs fill them. */
export function createPackBuffers(sizeBytes: number, count: number): PackBufferHandle {
  return {
    buffers: Array.from({ length: count }, () => new SharedArrayBuffer(sizeBytes)),
    states: new SharedArrayBuffer((count + 1) * 4),
  }
}

/** Takes a free buffer; blocks the thread until there is one. Returns its number. */
export function takeBuffer({ states }: PackBufferHandle): number {
  const words = new Int32Array(states)
  const releases = words.length - 1
  for (;;) {
    const seen = Atomics.load(words, releases)
    for (let buffer = 0; buffer < releases; buffer++) {
      if (Atomics.compareExchange(words, buffer, FREE, IN_USE) === FREE) return buffer
    }
    Atomics.wait(words, releases, seen)
  }
}

/** Gives a buffer back to the worker. */
export function releaseBuffer({ states }: PackBufferHandle, buffer: number): void {
  const words = new Int32Array(states)
  Atomics.store(words, buffer, FREE)
  Atomics.add(words, words.length - 1, 1)
  Atomics.notify(words, words.length - 1)
}
