import { Semaphore } from './semaphore.ts'
import type { CallOptions, FileKind, Storage } from './storage.ts'

/**
 * Lets at most `connections` (default: the storage's own limit) calls be under way; the others wait in the order they came, and leave
 * the queue when their signal is aborted. Locks do not wait, so that one can be refreshed while every connection is busy with packs.
 * A listing does not count: whoever consumes it may make calls in between.
 */
export function withConcurrency(storage: Storage, options: { readonly connections?: number } = {}): Storage {
  const connections = options.connections ?? storage.limits.connections
  const semaphore = new Semaphore(connections)
  function limited<Result>(kind: FileKind, call: CallOptions | undefined, task: () => Promise<Result>): Promise<Result> {
    return kind === 'locks' ? task() : semaphore.run(task, call)
  }
  return {
    location: storage.location,
    limits: { ...storage.limits, connections },
    localFolder: storage.localFolder,
    prepare: (call) => storage.prepare(call),
    write: (file, content, call) => limited(file.kind, call, () => storage.write(file, content, call)),
    read: (file, range, call) => limited(file.kind, call, () => storage.read(file, range, call)),
    stat: (file, call) => limited(file.kind, call, () => storage.stat(file, call)),
    list: (kind, call) => storage.list(kind, call),
    remove: (file, call) => limited(file.kind, call, () => storage.remove(file, call)),
    dismantle: (call) => storage.dismantle(call),
    close: () => storage.close(),
  }
}
