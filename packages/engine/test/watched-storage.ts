import type { FileKind, Pace, Storage } from '../src/storage/storage.ts'
import type { StorageOperation } from '../src/testing/faulty-storage.ts'

export interface WatchedCall {
  readonly operation: StorageOperation
  readonly kind: FileKind | undefined
}

/** Told of each call, at the same turn of the event loop in which it begins or has ended. */
export interface StorageWatcher {
  begun(call: WatchedCall): void
  ended?(call: WatchedCall): void
  /** Holds writes back, so that there is a time when a file is there in part. */
  readonly pace?: Pace | undefined
}

/** The same storage, with someone who watches. Workers that read the storage's folder by themselves are not seen. */
export function watchStorage(storage: Storage, watcher: StorageWatcher): Storage {
  async function watch<Result>(call: WatchedCall, task: () => Promise<Result>): Promise<Result> {
    watcher.begun(call)
    try {
      return await task()
    } finally {
      watcher.ended?.(call)
    }
  }
  return {
    location: storage.location,
    limits: storage.limits,
    localFolder: storage.localFolder,
    prepare: (call) => watch({ operation: 'prepare', kind: undefined }, () => storage.prepare(call)),
    write: (file, content, call) =>
      watch({ operation: 'write', kind: file.kind }, () => storage.write(file, content, { ...call, pace: watcher.pace ?? call?.pace })),
    read: (file, range, call) => watch({ operation: 'read', kind: file.kind }, () => storage.read(file, range, call)),
    stat: (file, call) => watch({ operation: 'stat', kind: file.kind }, () => storage.stat(file, call)),
    remove: (file, call) => watch({ operation: 'remove', kind: file.kind }, () => storage.remove(file, call)),
    list: async function* (kind, call) {
      watcher.begun({ operation: 'list', kind })
      yield* storage.list(kind, call)
      watcher.ended?.({ operation: 'list', kind })
    },
    dismantle: (call) => storage.dismantle(call),
    close: () => storage.close(),
  }
}
