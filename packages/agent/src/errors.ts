/** Every failure that an agent can report by itself, one row each; what the engine reports has the engine's codes. */
export const AGENT_ERRORS = {
  'settings.missing': 'Something that the agent cannot do without is not set.',
  'settings.invalid': 'A setting has a value that does not fit.',
  'state.locked': 'Another agent works with the same state folder.',
  'state.invalid': 'The state folder holds something that no agent wrote, or cannot be used.',
  'policy.invalid': 'The policy of the machine cannot be read, understood or relied on.',
  'policy.forbidden': 'The policy of the machine forbids what the server asks for.',
  'link.unreachable': 'The server cannot be reached, or says that it cannot answer now.',
  'link.unauthorised': 'The server does not know the token, the code or the password.',
  'link.refused': 'The server refuses the request.',
  'link.disabled': 'The server lets the machine do nothing for now: its client, or the user whom that belongs to, is disabled.',
  'link.outdated': 'Server and agent are of versions that do not understand each other.',
  'page.failed': 'The page of the agent cannot be served.',
  'run.command': 'A command before or after the backup failed.',
  'run.timeout': 'The run took longer than it may.',
  'run.over-quota': 'The backup would take up more than the client may have on the server.',
  'run.interrupted': 'The agent was stopped before the run was at its end.',
  'run.lost': 'The server gave the run up or to somebody else.',
  'run.incomplete': 'Some of what was to be restored could not be.',
  'run.unsupported': 'The agent cannot carry out runs of this kind.',
} as const satisfies Readonly<Record<string, string>>

/** The code of an agent's failure; the keys of {@link AGENT_ERRORS}. */
export type AgentErrorCode = keyof typeof AGENT_ERRORS

/** A failure of the agent. The message says the action that failed, a colon, and the state that made it fail. */
export class AgentError extends Error {
  override readonly name = 'AgentError'
  readonly code: AgentErrorCode
  /** When the server wants to be asked again. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: AgentErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Whether `error` is an agent's failure, of one of `codes` if any are given. */
export function isAgentError(error: unknown, ...codes: readonly AgentErrorCode[]): error is AgentError {
  return error instanceof AgentError && (codes.length === 0 || codes.includes(error.code))
}
