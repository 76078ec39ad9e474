import { isEngineError } from '@holdfast/engine'
import { ServerError } from '../errors.ts'

/** What a request is answered with. */
export interface RestAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Empty where it is missing. Rejects when the rest cannot be read: the connection is to be broken off then. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array | string>
}

/** An answer that says what is wrong, as text: restic's programs show it to people. */
export function refusal(status: number, message: string, headers: Readonly<Record<string, string>> = {}): RestAnswer {
  return { status, headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' }, body: `${message}\n` }
}

/** The answer to what was thrown while a request was handled; undefined for what is nobody's fault but the server's. */
export function answerOfFailure(error: unknown): RestAnswer | undefined {
  if (error instanceof ServerError) {
    const { status, message, retryAfterSeconds } = error
    const headers: Record<string, string> = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
    return status < 500 || status === 503 ? refusal(status, message, headers) : undefined
  }
  if (!isEngineError(error)) return undefined
  switch (error.code) {
    case 'storage.not-found':
      return refusal(404, 'Cannot find this: there is no such file')
    case 'storage.full':
      return refusal(507, 'Cannot store this: the storage of the server is full')
    case 'storage.unavailable':
      return refusal(503, 'Cannot do this: the storage of the server cannot be reached now', { 'retry-after': '10' })
    default:
      return undefined
  }
}
