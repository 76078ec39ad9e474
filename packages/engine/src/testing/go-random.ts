/**
 * The bytes that Go's math/rand gives for a seed, as successive little-endian `Uint32()`, `lengthBytes` of them (a multiple of four):
 * the content that the chunker's reference tables are made of.
 *
 * The generator is additive, y[n] = y[n-607] + y[n-273] modulo 2^64. Its start is a seeded sequence, combined with the state that the
 * generator seeded with 1 has after 7.8e12 steps; that state is computed here by raising x to that power modulo x^607 - x^334 - 1.
 */
export function goRandomBytes(seed: number, lengthBytes: number): Buffer {
  const state = seededState(seed, [40n, 20n]).map((word, i) => word ^ (distantState()[i] ?? 0n))
  const low = Uint32Array.from(state, (word) => Number(word & 0xffff_ffffn))
  const high = Uint32Array.from(state, (word) => Number(word >> 32n))
  const bytes = Buffer.alloc(lengthBytes)
  let tap = 0
  let feed = LENGTH - TAP
  for (let at = 0; at < lengthBytes; at += 4) {
    tap = (tap + LENGTH - 1) % LENGTH
    feed = (feed + LENGTH - 1) % LENGTH
    const lowSum = (low[feed] ?? 0) + (low[tap] ?? 0)
    low[feed] = lowSum
    high[feed] = (high[feed] ?? 0) + (high[tap] ?? 0) + (lowSum > 0xffff_ffff ? 1 : 0)
    bytes.writeUInt32LE((((high[feed] ?? 0) << 1) | ((low[feed] ?? 0) >>> 31)) >>> 0, at)
  }
  return bytes
}

const LENGTH = 607
const TAP = 273
const STEPS = 7_800_000_000_000
const WORD = (1n << 64n) - 1n
/** Room for a sum of 607 products of 64 bits each. */
const COEFFICIENT_DIGITS = 36

let distant: readonly bigint[] | undefined

function seededState(seed: number, [first, second]: readonly [bigint, bigint]): bigint[] {
  let x = BigInt(seed)
  const next = (): bigint => {
    x = (x * 48271n) % 0x7fff_ffffn
    return x
  }
  for (let i = 0; i < 20; i++) next()
  return Array.from({ length: LENGTH }, () => ((next() << first) ^ (next() << second) ^ next()) & WORD)
}

function distantState(): readonly bigint[] {
  distant ??= computeDistantState()
  return distant
}

function computeDistantState(): bigint[] {
  // The generator fills its state from the middle downwards.
  const placeOf = (step: number): number => (((LENGTH - TAP - 1 - step) % LENGTH) + LENGTH) % LENGTH
  const start = seededState(1, [20n, 10n])
  const sequence = Array.from({ length: LENGTH }, (_, n) => start[placeOf(n - LENGTH)] ?? 0n)
  for (let n = LENGTH; n < 2 * LENGTH; n++) sequence.push(((sequence[n - LENGTH] ?? 0n) + (sequence[n - TAP] ?? 0n)) & WORD)
  const power = powerOfX(STEPS)
  const state = new Array<bigint>(LENGTH).fill(0n)
  for (let n = 0; n < LENGTH; n++) {
    const word = power.reduce((sum, coefficient, i) => sum + coefficient * (sequence[n + i] ?? 0n), 0n)
    state[placeOf(STEPS - LENGTH + n)] = word & WORD
  }
  return state
}

function powerOfX(exponent: number): bigint[] {
  let power: bigint[] = [1n]
  for (const bit of exponent.toString(2)) {
    const square = coefficientsOf(packed(power) ** 2n)
    power = reduced(bit === '1' ? [0n, ...square] : square)
  }
  return power
}

/** A polynomial as one long number, so that multiplying numbers multiplies polynomials. */
function packed(coefficients: readonly bigint[]): bigint {
  const digits = coefficients.map((coefficient) => coefficient.toString(16).padStart(COEFFICIENT_DIGITS, '0'))
  return BigInt(`0x${digits.reverse().join('')}`)
}

function coefficientsOf(value: bigint): bigint[] {
  const digits = value.toString(16)
  const coefficients: bigint[] = []
  for (let end = digits.length; end > 0; end -= COEFFICIENT_DIGITS) {
    coefficients.push(BigInt(`0x${digits.slice(Math.max(end - COEFFICIENT_DIGITS, 0), end)}`) & WORD)
  }
  return coefficients
}

function reduced(coefficients: bigint[]): bigint[] {
  for (let i = coefficients.length - 1; i >= LENGTH; i--) {
    const excess = coefficients[i] ?? 0n
    coefficients[i - TAP] = ((coefficients[i - TAP] ?? 0n) + excess) & WORD
    coefficients[i - LENGTH] = ((coefficients[i - LENGTH] ?? 0n) + excess) & WORD
  }
  return coefficients.slice(0, LENGTH)
}
