import { chmod, type FileHandle, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCodeOf } from '../../errors.ts'
import { makeFolders } from '../../host/make-folders.ts'
import { secureRandom } from '../../host/random.ts'
import { type CallOptions, PIECE_BYTES, paceTransfer } from '../storage.ts'

/** Permission bits of what a storage makes. */
export interface FileModes {
  readonly file: number
  readonly folder: number
}

/** What file systems answer that cannot sync a folder or a file, or set modes; the write is as durable there as it can be. */
const UNSUPPORTED: readonly (string | undefined)[] = ['ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOSYS', 'ENOTTY']

/** Modes for new files beside a `config` of `configMode`: the group is let in where it may read the config. */
export function modesLike(configMode: number | undefined): FileModes {
  const group = configMode !== undefined && (configMode & 0o040) !== 0
  return group ? { file: 0o660, folder: 0o770 } : { file: 0o600, folder: 0o700 }
}

/**
 * Makes `path` hold `content`, whole and durable, or leaves what was there. The bytes go to a file with a random name in the same folder,
 * which is synced and renamed; a missing folder is made. Rejects with the system's error, after the temporary file is removed.
 */
export async function writeAtomically(
  path: string,
  content: Uint8Array,
  options: { readonly modes: FileModes; readonly call?: CallOptions },
): Promise<void> {
  const folder = dirname(path)
  const temporary = `${path}-tmp-${secureRandom(8).toString('hex')}`
  const handle = await createIn(folder, temporary, options.modes)
  try {
    const synced = await fill(handle, content, options.call ?? {})
    await tolerateUnsupported(chmod(temporary, options.modes.file & ~0o222), ['EPERM', 'EACCES'])
    options.call?.signal?.throwIfAborted()
    await rename(temporary, path)
    if (synced) await syncFolder(folder)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
}

/** Makes a rename or a new entry in `folder` durable where the file system can. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  await tolerateUnsupported(handle.sync(), ['ENOENT'])
}

async function createIn(folder: string, path: string, modes: FileModes): Promise<FileHandle> {
  try {
    return await open(path, 'wx', modes.file)
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error
    const made = await makeFolders(folder, modes.folder)
    if (made !== undefined) await syncFolder(dirname(made))
    return await open(path, 'wx', modes.file)
  }
}

/** Writes everything, syncs and closes; false if the file system cannot sync. */
async function fill(handle: FileHandle, content: Uint8Array, call: CallOptions): Promise<boolean> {
  try {
    for (let done = 0; done < content.length; ) {
      const length = call.pace === undefined ? content.length - done : Math.min(PIECE_BYTES, content.length - done)
      await paceTransfer('upload', length, call)
      done += (await handle.write(content, done, length, done)).bytesWritten
    }
    return await tolerateUnsupported(handle.sync(), [])
  } finally {
    await handle.close()
  }
}

async function tolerateUnsupported(action: Promise<void>, also: readonly string[]): Promise<boolean> {
  try {
    await action
    return true
  } catch (error) {
    const code = systemCodeOf(error)
    if (UNSUPPORTED.includes(code) || (code !== undefined && also.includes(code))) return false
    throw error
  }
}
