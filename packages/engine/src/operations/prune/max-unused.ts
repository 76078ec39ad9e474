import { EngineError } from '../../errors.ts'
import { parseByteSize } from '../../format/byte-size.ts'

/** How much unused data a prune may leave: so many bytes, a share of all data that is left, or any amount. */
export type MaxUnused = { readonly bytes: number } | { readonly percent: number } | 'unlimited'

/** restic's default. */
export const DEFAULT_MAX_UNUSED: MaxUnused = { percent: 5 }

/**
 * Reads the value of `--max-unused`: `unlimited`, a percentage from 0 to below 100, or a size such as `500M`.
 *
 * @throws EngineError `input.invalid`
 */
export function parseMaxUnused(text: string): MaxUnused {
  const value = text.trim()
  if (value === 'unlimited') return 'unlimited'
  if (!value.endsWith('%')) return { bytes: parseByteSize(value) }
  const digits = value.slice(0, -1)
  const percent = /^\d+(\.\d+)?$/.test(digits) ? Number(digits) : Number.NaN
  if (percent >= 0 && percent < 100) return { percent }
  throw new EngineError('input.invalid', `Cannot read limit ${JSON.stringify(text.slice(0, 64))}: a percentage is at least 0 and below 100`)
}

/** The bytes that may be unused beside `usedBytes`. */
export function maxUnusedBytes(limit: MaxUnused, usedBytes: number): number {
  if (limit === 'unlimited') return Number.POSITIVE_INFINITY
  return 'bytes' in limit ? limit.bytes : Math.floor((limit.percent / (100 - limit.percent)) * usedBytes)
}
