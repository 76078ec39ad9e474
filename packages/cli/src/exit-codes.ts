import { type EngineErrorCode, isEngineError } from '@holdfast/engine'
import { CommandFailure, type CommandFailureCode } from './command-failure.ts'

/* Restic's. */
const EXIT_FAILURE = 1
/** Done in part. */
export const EXIT_INCOMPLETE = 3
const EXIT_INTERRUPTED = 130

/** The failures of the engine that scripts can tell from all others. */
const EXIT_CODES: Readonly<Partial<Record<EngineErrorCode, number>>> = {
  'repository.missing': 10,
  'repository.locked': 11,
  'repository.password': 12,
  'operation.cancelled': EXIT_INTERRUPTED,
}

const FAILURE_EXIT_CODES: Readonly<Record<CommandFailureCode, number>> = {
  usage: EXIT_FAILURE,
  failed: EXIT_FAILURE,
  incomplete: EXIT_INCOMPLETE,
  interrupted: EXIT_INTERRUPTED,
}

/** The exit code of a command that ended with `error`. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandFailure) return FAILURE_EXIT_CODES[error.code]
  if (isEngineError(error)) return EXIT_CODES[error.code] ?? EXIT_FAILURE
  return EXIT_FAILURE
}
