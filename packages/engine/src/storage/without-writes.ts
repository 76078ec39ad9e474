import type { Storage } from './storage.ts'

/** Takes every change and does nothing: what a dry run works on. Reads are unchanged, so nothing that was written can be read. */
export function withoutWrites(storage: Storage): Storage {
  async function ignore(): Promise<void> {}
  return {
    location: storage.location,
    limits: storage.limits,
    localFolder: storage.localFolder,
    prepare: ignore,
    write: ignore,
    read: (file, range, call) => storage.read(file, range, call),
    stat: (file, call) => storage.stat(file, call),
    list: (kind, call) => storage.list(kind, call),
    remove: ignore,
    dismantle: ignore,
    close: () => storage.close(),
  }
}
