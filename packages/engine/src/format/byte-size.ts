import { EngineError } from '../errors.ts'

const SIZE = /^\+?(\d+)([bkmgt]?)$/i
const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }

/**
 * Reads a size as restic's options take it: a whole number and perhaps one of the units `k`, `m`, `g`, `t` (1024 and its powers) or `b`, in
 * either case; no decimals, no spaces. The result is in bytes, at most 2^53 - 1 of them.
 *
 * @throws EngineError `input.invalid`
 */
export function parseByteSize(text: string): number {
  const [, digits, unit = ''] = SIZE.exec(text) ?? []
  if (digits === undefined) throw invalidSize(text, 'not a whole number with a unit such as 512k, 20M or 3G')
  const sizeBytes = Number(digits) * (UNIT_BYTES[unit.toLowerCase()] ?? Number.NaN)
  if (!Number.isSafeInteger(sizeBytes)) throw invalidSize(text, 'too large')
  return sizeBytes
}

function invalidSize(text: string, state: string): EngineError {
  return new EngineError('input.invalid', `Cannot read size ${JSON.stringify(text.slice(0, 64))}: ${state}`)
}
