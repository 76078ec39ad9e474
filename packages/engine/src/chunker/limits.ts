import { EngineError } from '../errors.ts'

/** How long chunks may be. */
export interface ChunkerLimits {
  /** No cut before so many bytes; at least 64, the window. A content's last chunk may be shorter. */
  readonly minSizeBytes: number
  /** A cut after so many bytes even where the content offers none. */
  readonly maxSizeBytes: number
  /** A position is a candidate when so many low bits of its fingerprint are zero: on average one in 2^averageBits. */
  readonly averageBits: number
}

/** What restic cuts with, in every repository. */
export const RESTIC_LIMITS: ChunkerLimits = { minSizeBytes: 512 * 1024, maxSizeBytes: 8 * 1024 * 1024, averageBits: 20 }

/** Bytes whose fingerprint decides about a cut after them. */
export const WINDOW_BYTES = 64

/** Throws `input.invalid` unless the limits can be kept. */
export function assertLimits(limits: ChunkerLimits): void {
  const { minSizeBytes, maxSizeBytes, averageBits } = limits
  const sound =
    [minSizeBytes, maxSizeBytes, averageBits].every(Number.isSafeInteger) &&
    minSizeBytes >= WINDOW_BYTES &&
    maxSizeBytes >= minSizeBytes &&
    averageBits >= 0 &&
    averageBits <= 52
  if (sound) return
  const state = `chunks of ${minSizeBytes} to ${maxSizeBytes} bytes with ${averageBits} bits are impossible`
  throw new EngineError('input.invalid', `Cannot cut content: ${state}`)
}
