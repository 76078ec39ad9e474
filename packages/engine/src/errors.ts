import { constants } from 'node:os'
import { getSystemErrorMessage } from 'node:util'

/**
 * Every failure the engine can report, one row each: what it means and whether trying again can help. `docs/reference/errors.md` is
 * held against this table by a test; the command line maps the codes to exit codes.
 */
export const ENGINE_ERRORS = {
  'storage.not-found': { retry: 'never', meaning: 'The storage has no file of that name.' },
  'storage.range': { retry: 'never', meaning: 'The file ends before the bytes that were asked for.' },
  'storage.denied': { retry: 'never', meaning: 'The storage refused the credentials or the operation.' },
  'storage.read-only': { retry: 'never', meaning: 'The storage is open for reading only.' },
  'storage.append-only': { retry: 'never', meaning: 'The storage accepts new files only; nothing can be removed or replaced.' },
  'storage.full': { retry: 'never', meaning: 'The storage has no room left.' },
  'storage.unavailable': { retry: 'later', meaning: 'The storage cannot be reached or answered with a passing failure.' },
  'storage.failed': { retry: 'later', meaning: 'The storage failed in a way that may pass.' },
  'storage.location': { retry: 'never', meaning: 'The location of a repository cannot be understood.' },
  'storage.host-key': { retry: 'never', meaning: 'The SSH server shows a host key that is unknown or differs from the known one.' },
  'storage.closed': { retry: 'never', meaning: 'The storage was closed before the call.' },
  'storage.contract': { retry: 'never', meaning: 'The storage breaks a promise that a repository needs.' },
  'repository.missing': { retry: 'never', meaning: 'There is no repository at that location.' },
  'repository.exists': { retry: 'never', meaning: 'There is a repository at that location already.' },
  'repository.password': { retry: 'never', meaning: 'No key of the repository opens with that password.' },
  'repository.locked': { retry: 'later', meaning: 'Another process holds a lock that excludes this operation.' },
  'repository.lock-lost': { retry: 'never', meaning: 'The lock of this operation was removed or could not be refreshed in time.' },
  'repository.version': { retry: 'never', meaning: 'The repository has a format version that does not fit the operation.' },
  'repository.too-large': { retry: 'never', meaning: 'The repository claims more than this process may hold in memory.' },
  'data.damaged': { retry: 'never', meaning: 'Stored bytes differ from what was written: their hash, MAC or length is wrong.' },
  'data.malformed': { retry: 'never', meaning: 'Stored bytes are authentic but do not have the form that the format demands.' },
  'data.missing': { retry: 'never', meaning: 'Something that is referred to is not in the repository.' },
  'snapshot.not-found': { retry: 'never', meaning: 'No snapshot fits the given id, host, tags or paths.' },
  'snapshot.ambiguous': { retry: 'never', meaning: 'A shortened id fits more than one file.' },
  'path.not-found': { retry: 'never', meaning: 'The path does not exist in the snapshot.' },
  'source.unreadable': { retry: 'never', meaning: 'A file or folder to back up cannot be read.' },
  'source.missing': { retry: 'never', meaning: 'Nothing that was to be backed up exists.' },
  'source.command': { retry: 'never', meaning: 'The command whose output was to be backed up failed.' },
  'target.unsafe': { retry: 'never', meaning: 'A name in the snapshot would lead outside of the restore target.' },
  'target.failed': { retry: 'never', meaning: 'A file, folder or attribute could not be written below the restore target.' },
  'input.invalid': { retry: 'never', meaning: 'An option or argument has a value that does not fit.' },
  'operation.cancelled': { retry: 'never', meaning: 'The operation was cancelled before its end.' },
} as const satisfies Record<string, { readonly retry: 'never' | 'later'; readonly meaning: string }>

/** The code of an engine failure; the keys of {@link ENGINE_ERRORS}. */
export type EngineErrorCode = keyof typeof ENGINE_ERRORS

/** Details of a failure that a program may want: file names, ids, sizes. Never a secret. */
export type ErrorContext = Readonly<Record<string, string | number | boolean>>

/**
 * A failure of the engine. The message says the action that failed, a colon, and the state that made it fail; it is meant for the person
 * who reads the log.
 */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: EngineErrorCode
  readonly context: ErrorContext

  constructor(code: EngineErrorCode, message: string, options: { readonly cause?: unknown; readonly context?: ErrorContext } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.context = options.context ?? {}
  }

  /** Whether the same call may succeed later without anything being changed. */
  get retry(): 'never' | 'later' {
    return ENGINE_ERRORS[this.code].retry
  }
}

/** Whether `error` is an engine failure, of one of `codes` if any are given. */
export function isEngineError(error: unknown, ...codes: readonly EngineErrorCode[]): error is EngineError {
  return error instanceof EngineError && (codes.length === 0 || codes.includes(error.code))
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The code of a Node.js system error such as `ENOENT`, or undefined. */
export function systemCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** What the system says of its failed call, in words such as `permission denied`; of anything else that was thrown, the message. */
export function systemStateOf(error: unknown): string {
  const number = Object.entries(constants.errno).find(([name]) => name === systemCodeOf(error))?.[1]
  return number === undefined ? messageOf(error) : getSystemErrorMessage(-number)
}
