/** What is done to hostile repositories. */
export const HOSTILE_OPERATIONS = ['backup', 'restore', 'check', 'ls', 'copy', 'prune'] as const

export interface HostileRequest {
  readonly operation: (typeof HOSTILE_OPERATIONS)[number]
  readonly repository: string
  readonly password: string
  /** What a backup is of, where a restore or copy goes. */
  readonly folder: string
}

/** What became of an operation on a hostile repository. */
export interface HostileOutcome {
  /** Undefined where it ended well, `crash` for anything but an engine's error. */
  readonly code: string | undefined
  readonly message: string
  /** How much it complained of while it went on. */
  readonly problems: number
  /** The most memory that the process had. */
  readonly peakBytes: number
}
