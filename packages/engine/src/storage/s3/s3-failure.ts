import { EngineError, type EngineErrorCode, isEngineError } from '../../errors.ts'
import { codeOfStatus, firstLine, networkFailure } from '../http/http-failure.ts'

/** Codes that say more than the HTTP status beside them. */
const CODES: Readonly<Record<string, EngineErrorCode>> = {
  NoSuchBucket: 'storage.not-found',
  NoSuchKey: 'storage.not-found',
  InvalidRange: 'storage.range',
  QuotaExceeded: 'storage.full',
  InsufficientStorage: 'storage.full',
  XMinioStorageFull: 'storage.full',
  XMinioAdminBucketQuotaExceeded: 'storage.full',
  ExpiredToken: 'storage.denied',
  InvalidToken: 'storage.denied',
  TokenRefreshRequired: 'storage.denied',
  AuthorizationHeaderMalformed: 'storage.denied',
  CredentialsProviderError: 'storage.denied',
  RequestTimeTooSkewed: 'storage.denied',
  InvalidObjectState: 'storage.denied',
  PermanentRedirect: 'storage.location',
  IllegalLocationConstraintException: 'storage.location',
  InvalidBucketName: 'storage.location',
  RequestTimeout: 'storage.unavailable',
  SlowDown: 'storage.unavailable',
}

const STATES: Readonly<Record<string, string>> = {
  NoSuchBucket: 'the bucket does not exist',
  NoSuchKey: 'no such file',
  NotFound: 'no such file',
  InvalidAccessKeyId: 'the access key is unknown',
  SignatureDoesNotMatch: 'the secret key does not fit the access key',
  RequestTimeTooSkewed: 'the clock of this machine differs from the server',
  InvalidObjectState: 'the file is in an archive class and must be restored there first',
}

/** The engine error for a failure that the SDK gave. */
export function s3Failure(error: unknown, action: string): EngineError {
  if (isEngineError(error)) return error
  const answer = serverAnswer(error)
  if (answer === undefined) return networkFailure(error, action)
  const { name, status, message } = answer
  const code = CODES[name] ?? codeOfStatus(status)
  const said = message === '' || message === name || message === 'UnknownError' ? '' : `, ${message}`
  const state = STATES[name] ?? `the server answered ${status} ${name}${said}`
  return new EngineError(code, `Cannot ${action}: ${state}`, { cause: error, context: { status } })
}

/** Name of the SDK's error and status of the answer; undefined when there was no answer. */
export function serverAnswer(error: unknown): { readonly name: string; readonly status: number; readonly message: string } | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.name === 'CredentialsProviderError') return { name: error.name, status: 403, message: firstLine(error.message) }
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined
  const status = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined
  if (typeof status !== 'number' || (status >= 200 && status < 300)) return undefined
  return { name: firstLine(error.name), status, message: firstLine(error.message) }
}
