import type { FieldReason } from '@holdfast/protocol'

/**
 * Every failure that the server reports of itself, one row each: the HTTP status it is answered with and what it means. Failures of the
 * engine keep the engine's codes; `http/problem.ts` maps both. `docs/reference/errors.md` is held against this table by a test.
 */
export const SERVER_ERRORS = {
  'request.invalid': { status: 422, meaning: 'The request does not have the form that the route demands.' },
  'request.too-large': { status: 413, meaning: 'The request is larger than the route accepts.' },
  'request.too-many': { status: 429, meaning: 'Too many requests or attempts in a short time.' },
  'request.conflict': { status: 409, meaning: 'The request contradicts the present state.' },
  'request.foreign-origin': { status: 403, meaning: 'A browser sent the request from another site.' },
  'auth.required': { status: 401, meaning: 'Nobody is signed in, or the session or token is no longer valid.' },
  'auth.failed': { status: 401, meaning: 'User name, password, code or token is wrong.' },
  'auth.second-factor': { status: 401, meaning: 'A code of the second factor is needed to sign in.' },
  'auth.locked': { status: 429, meaning: 'The account is locked for a while after too many failed attempts.' },
  'auth.forbidden': { status: 403, meaning: 'The role or the scopes of the token do not allow this.' },
  'not-found': { status: 404, meaning: 'There is no such thing, or it belongs to somebody else.' },
  'client.disabled': { status: 403, meaning: 'The client, or the user whom it belongs to, is disabled.' },
  'client.not-connected': { status: 409, meaning: 'The agent of the client is not connected, or does not answer in time.' },
  'client.refused': { status: 409, meaning: 'The owner of the machine does not allow its agent to do this.' },
  'client.failed': { status: 422, meaning: 'The agent of the client tried, and could not do it.' },
  'quota.exceeded': { status: 413, meaning: 'The client has used up the room that it was given.' },
  'server.unavailable': { status: 503, meaning: 'Something that the server needs cannot be reached now.' },
  'settings.invalid': { status: 500, meaning: 'A setting has a value that does not fit.' },
  'secrets.sealed': { status: 500, meaning: 'A stored secret cannot be opened with this master key.' },
  'database.schema': { status: 500, meaning: 'The database has a schema that this version cannot use or upgrade.' },
} as const satisfies Record<string, { readonly status: number; readonly meaning: string }>

/** The code of a failure of the server; the keys of {@link SERVER_ERRORS}. */
export type ServerErrorCode = keyof typeof SERVER_ERRORS

/** One field of a request that is wrong: `/schedule/cron`, and why. */
export interface FieldProblem {
  readonly path: string
  readonly message: string
  readonly reason?: FieldReason
  readonly limit?: number
}

interface ServerErrorOptions {
  readonly cause?: unknown
  readonly retryAfterSeconds?: number
  readonly fields?: readonly FieldProblem[]
}

/** A failure that the server reports. The message is meant for whoever sent the request, and holds no secret. */
export class ServerError extends Error {
  override readonly name = 'ServerError'
  readonly code: ServerErrorCode
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds: number | undefined
  /** What of the request is wrong. */
  readonly fields: readonly FieldProblem[] | undefined

  constructor(code: ServerErrorCode, message: string, options: ServerErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryAfterSeconds = options.retryAfterSeconds
    this.fields = options.fields
  }

  /** The HTTP status that this failure is answered with. */
  get status(): number {
    return SERVER_ERRORS[this.code].status
  }
}

/** Whether `error` is a failure of the server, of one of `codes` if any are given. */
export function isServerError(error: unknown, ...codes: readonly ServerErrorCode[]): error is ServerError {
  return error instanceof ServerError && (codes.length === 0 || codes.includes(error.code))
}

/** The failure for something that is not there or not the caller's: both look the same, so that nobody learns what others have. */
export function notFound(what: string): ServerError {
  return new ServerError('not-found', `Cannot find ${what}: there is none that you may see`)
}
