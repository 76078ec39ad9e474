import { EngineError, type EngineErrorCode, isEngineError, messageOf, systemCodeOf } from '../../errors.ts'
import { HttpTimeoutError } from './http-client.ts'

const STATUS_CODES: Readonly<Record<number, EngineErrorCode>> = {
  301: 'storage.location',
  302: 'storage.location',
  307: 'storage.location',
  308: 'storage.location',
  401: 'storage.denied',
  403: 'storage.denied',
  404: 'storage.not-found',
  405: 'storage.contract',
  407: 'storage.denied',
  408: 'storage.unavailable',
  410: 'storage.not-found',
  413: 'storage.full',
  416: 'storage.range',
  425: 'storage.unavailable',
  429: 'storage.unavailable',
  500: 'storage.unavailable',
  501: 'storage.contract',
  502: 'storage.unavailable',
  503: 'storage.unavailable',
  504: 'storage.unavailable',
  507: 'storage.full',
  509: 'storage.unavailable',
}

/** What a status other than success means for a storage. */
export function codeOfStatus(status: number): EngineErrorCode {
  return STATUS_CODES[status] ?? 'storage.failed'
}

/** Failures of TLS that will not pass by themselves: Node names them by OpenSSL's verification result. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|CRL|HOSTNAME_MISMATCH/

/** The engine error for a request that got no answer, or only a part of one. */
export function networkFailure(error: unknown, action: string): EngineError {
  if (isEngineError(error)) return error
  const code = systemCodeOf(error) ?? ''
  if (UNTRUSTED.test(code)) {
    const state = `the server's certificate is not trusted (${messageOf(error)})`
    return new EngineError('storage.denied', `Cannot ${action}: ${state}`, { cause: error })
  }
  const state = error instanceof HttpTimeoutError ? error.message : networkState(code, error)
  return new EngineError('storage.unavailable', `Cannot ${action}: ${state}`, { cause: error })
}

function networkState(code: string, error: unknown): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'the connection was refused'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the connection was closed'
    case 'ENOTFOUND':
      return 'the host name is unknown'
    case 'EAI_AGAIN':
      return 'the host name cannot be looked up now'
    case 'ETIMEDOUT':
      return 'the server gave no answer in time'
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to the host'
    default:
      return firstLine(messageOf(error)) || code
  }
}

/** The first line of what a server said, without control characters and of bearable length. */
export function firstLine(text: string): string {
  const line = text.split(/[\r\n]/, 1)[0] ?? ''
  return line
    .replace(/[^\x20-\x7e\u00a0-\uffff]/g, ' ')
    .trim()
    .slice(0, 200)
}
