import { EngineError } from '../errors.ts'
import { describeFile, type Storage } from './storage.ts'

/** Refuses every change with `storage.read-only`; reads are unchanged. */
export function readOnly(storage: Storage): Storage {
  async function refuse(action: string): Promise<never> {
    throw new EngineError('storage.read-only', `Cannot ${action}: ${storage.location} is open for reading only`)
  }
  return {
    location: storage.location,
    limits: storage.limits,
    localFolder: storage.localFolder,
    prepare: () => refuse('prepare the storage'),
    write: (file) => refuse(`write ${describeFile(file)}`),
    read: (file, range, call) => storage.read(file, range, call),
    stat: (file, call) => storage.stat(file, call),
    list: (kind, call) => storage.list(kind, call),
    remove: (file) => refuse(`remove ${describeFile(file)}`),
    dismantle: () => refuse('remove the folders'),
    close: () => storage.close(),
  }
}
