import { EngineError, type EngineErrorCode, isEngineError, messageOf, systemCodeOf } from '../../errors.ts'

/** What a system error means for a storage; anything else is `storage.failed`. */
const CODES: Readonly<Record<string, EngineErrorCode>> = {
  ENOENT: 'storage.not-found',
  EACCES: 'storage.denied',
  EPERM: 'storage.denied',
  EROFS: 'storage.denied',
  ENOSPC: 'storage.full',
  EDQUOT: 'storage.full',
  EFBIG: 'storage.full',
  ENOTDIR: 'storage.location',
  EEXIST: 'storage.location',
  EISDIR: 'storage.location',
  ELOOP: 'storage.location',
  ENAMETOOLONG: 'storage.location',
  EMFILE: 'storage.unavailable',
  ENFILE: 'storage.unavailable',
  EAGAIN: 'storage.unavailable',
  ESTALE: 'storage.unavailable',
}

const STATES: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'disk quota exceeded',
  EFBIG: 'the file is larger than this process may write',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'a file is in the place of a folder',
  EIO: 'input/output error',
}

/** The engine error for a failure of `action` ("read data/ab12… in /backup"); errors of the engine pass unchanged. */
export function localFailure(error: unknown, action: string): EngineError {
  if (isEngineError(error)) return error
  const code = systemCodeOf(error) ?? ''
  return new EngineError(CODES[code] ?? 'storage.failed', `Cannot ${action}: ${STATES[code] ?? messageOf(error)}`, { cause: error })
}
