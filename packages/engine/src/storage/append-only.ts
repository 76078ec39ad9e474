import { EngineError, isEngineError } from '../errors.ts'
import { type CallOptions, describeFile, type FileRef, type Storage } from './storage.ts'

/**
 * Accepts new files and refuses to remove or replace any with `storage.append-only`. Locks can be removed, as in restic's rest-server,
 * or every backup would leave one. Writing the bytes that are there already succeeds, so that a write can be repeated after its answer
 * was lost.
 */
export function appendOnly(storage: Storage): Storage {
  async function refuseReplacing(file: FileRef, content: Uint8Array, call: CallOptions | undefined): Promise<boolean> {
    const existing = await storage.stat(file, call).catch((error: unknown) => {
      if (isEngineError(error, 'storage.not-found')) return undefined
      throw error
    })
    if (existing === undefined) return false
    if (existing.sizeBytes === content.length && Buffer.compare(await storage.read(file, 'all', call), content) === 0) return true
    throw refusal(`replace ${describeFile(file)}`)
  }
  function refusal(action: string): EngineError {
    return new EngineError('storage.append-only', `Cannot ${action}: ${storage.location} accepts new files only`)
  }
  return {
    location: storage.location,
    limits: storage.limits,
    localFolder: storage.localFolder,
    prepare: (call) => storage.prepare(call),
    write: async (file, content, call) => {
      if (!(await refuseReplacing(file, content, call))) await storage.write(file, content, call)
    },
    read: (file, range, call) => storage.read(file, range, call),
    stat: (file, call) => storage.stat(file, call),
    list: (kind, call) => storage.list(kind, call),
    remove: async (file, call) => {
      if (file.kind !== 'locks') throw refusal(`remove ${describeFile(file)}`)
      await storage.remove(file, call)
    },
    dismantle: async () => {
      throw refusal('remove the folders')
    },
    close: () => storage.close(),
  }
}
