import { goString } from './go-json.ts'
import { malformed, parseJson, StoredObject } from './stored-json.ts'
import type { Timestamp } from './timestamp.ts'

/** A lock file, field names as stored (restic's doc/design.rst, "Locks"). */
export interface LockFile {
  readonly time: Timestamp
  readonly exclusive: boolean
  readonly hostname: string
  readonly username: string
  readonly pid: number
  /** Absent for root. */
  readonly uid?: number
  /** Absent for root. */
  readonly gid?: number
}

const WHAT = 'lock file'

/** The plaintext of a lock file, as restic writes it. */
export function encodeLockFile(lock: LockFile): Buffer {
  const who = `"hostname":${goString(lock.hostname)},"username":${goString(lock.username)},"pid":${lock.pid}`
  const ids = (lock.uid ? `,"uid":${lock.uid}` : '') + (lock.gid ? `,"gid":${lock.gid}` : '')
  return Buffer.from(`{"time":"${lock.time}","exclusive":${lock.exclusive},${who}${ids}}`, 'utf8')
}

/**
 * Reads the plaintext of a lock file.
 *
 * @throws EngineError `data.malformed`
 */
export function decodeLockFile(bytes: Uint8Array): LockFile {
  const fields = new StoredObject(parseJson(bytes, WHAT), WHAT)
  const [pid, uid, gid] = [fields.count('pid'), fields.optionalUint32('uid'), fields.optionalUint32('gid')]
  if (pid >= 2 ** 32) throw malformed(WHAT, 'pid is not a process id')
  return {
    time: fields.timestamp('time'),
    exclusive: fields.boolean('exclusive'),
    hostname: fields.optionalText('hostname') ?? '',
    username: fields.optionalText('username') ?? '',
    pid,
    ...(uid === undefined ? {} : { uid }),
    ...(gid === undefined ? {} : { gid }),
  }
}
