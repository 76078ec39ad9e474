/** How a command can fail by itself, beside what the engine reports. */
export type CommandFailureCode =
  /** The command line, the environment or an answer does not make sense. */
  | 'usage'
  /** What the command was to do went wrong; the message says why. */
  | 'failed'
  /** Done as far as possible: some files could not be read, or some snapshots not be removed. */
  | 'incomplete'
  /** The user or the system ended the command. */
  | 'interrupted'

/** A failure of the command line itself. The message is a whole sentence for the user, without `Fatal:` before it. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly code: CommandFailureCode

  constructor(code: CommandFailureCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
  }
}
