import { isEngineError, systemStateOf } from '@holdfast/engine'
import { CommandFailure } from './command-failure.ts'
import { EXIT_INCOMPLETE, exitCodeOf } from './exit-codes.ts'
import { jsonText } from './output/json.ts'
import type { Terminal } from './output/terminal.ts'

/** How a failed command is reported. */
export interface ReportOptions {
  readonly isJson: boolean
  /** Show where in the program an unexpected error comes from. */
  readonly withStack: boolean
}

/** Says on the error channel why a command failed, in one line or as restic's JSON message, and gives the exit code. */
export function reportFailure(error: unknown, terminal: Terminal, options: ReportOptions): number {
  const code = exitCodeOf(error)
  const message = messageFor(error)
  const tinted = terminal.tinted(message, code === EXIT_INCOMPLETE ? 'warning' : 'failure', 'errors')
  terminal.printError(options.isJson ? jsonText({ message_type: 'exit_error', code, message }) : tinted)
  if (options.withStack && !isExpected(error) && error instanceof Error) terminal.printError(error.stack ?? '')
  return code
}

/** The failure of a command that did what it was to do, but could not say so. */
export function asOutputFailure(error: Error): CommandFailure {
  return new CommandFailure('failed', `cannot write the output: ${systemStateOf(error)}`, { cause: error })
}

function messageFor(error: unknown): string {
  if (error instanceof CommandFailure && error.code === 'incomplete') return `Warning: ${error.message}`
  if (error instanceof CommandFailure && error.code === 'interrupted') return error.message
  if (isEngineError(error, 'repository.missing')) return `Fatal: ${error.message}; \`holdfast init\` makes one`
  if (isExpected(error)) return `Fatal: ${error.message}`
  const state = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return `Fatal: unexpected ${state} (a mistake in holdfast; -vv shows where)`
}

function isExpected(error: unknown): error is Error {
  if (error instanceof CommandFailure || isEngineError(error)) return true
  // Known by their names: most commands do not load the packages of server and agent.
  if (error instanceof Error && (error.name === 'AgentError' || error.name === 'ServerError')) return true
  // The system's own failures, such as a file that may not be read, speak for themselves.
  return error instanceof Error && 'syscall' in error
}
