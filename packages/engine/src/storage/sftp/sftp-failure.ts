import { EngineError, type EngineErrorCode, isEngineError, messageOf, systemCodeOf } from '../../errors.ts'
import { firstLine, networkFailure } from '../http/http-failure.ts'

/** Status codes of the SFTP protocol, version 3. */
export const SFTP_STATUS = { endOfFile: 1, noSuchFile: 2, permissionDenied: 3, failure: 4 } as const

const CODES: Readonly<Record<number, EngineErrorCode>> = {
  [SFTP_STATUS.noSuchFile]: 'storage.not-found',
  [SFTP_STATUS.permissionDenied]: 'storage.denied',
  [SFTP_STATUS.failure]: 'storage.failed',
  6: 'storage.unavailable',
  7: 'storage.unavailable',
  8: 'storage.contract',
}

const STATES: Readonly<Record<number, string>> = {
  [SFTP_STATUS.noSuchFile]: 'no such file',
  [SFTP_STATUS.permissionDenied]: 'permission denied',
  [SFTP_STATUS.failure]: 'the server gives no reason',
}

/** The status that the server answered with; undefined when it gave none. */
export function sftpStatusOf(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined
}

/** The engine error for a failed SFTP request. */
export function sftpFailure(error: unknown, action: string): EngineError {
  if (isEngineError(error)) return error
  const status = sftpStatusOf(error)
  if (status === undefined) return networkFailure(error, action)
  const state = STATES[status] ?? firstLine(messageOf(error))
  return new EngineError(CODES[status] ?? 'storage.failed', `Cannot ${action}: ${state}`, { cause: error })
}

/** The engine error for a connection that did not come about. `hint` says more where the server only refuses. */
export function connectFailure(error: unknown, context: { readonly target: string; readonly hint: string }): EngineError {
  if (isEngineError(error)) return error
  const level = error instanceof Error && 'level' in error ? error.level : undefined
  const action = `connect to ${context.target}`
  if (level === 'client-authentication') {
    return new EngineError('storage.denied', `Cannot ${action}: the server let nobody in${context.hint}`, { cause: error })
  }
  if (systemCodeOf(error) === undefined && /no matching/i.test(messageOf(error))) {
    return new EngineError('storage.contract', `Cannot ${action}: ${firstLine(messageOf(error))}`, { cause: error })
  }
  return networkFailure(error, action)
}
