import { EngineError } from '../errors.ts'
import { secureRandom } from '../host/random.ts'

/**
 * An irreducible polynomial over GF(2) that a repository's content is cut with: bit n is the coefficient of x^n, the degree is from 8 to
 * 53. Made by {@link parsePolynomial} and {@link randomPolynomial} only.
 */
export type Polynomial = bigint & { readonly __polynomial: true }

/** The largest prime below 64 - 8, so that a digest and the byte shifted into it fit into 64 bits. */
const RANDOM_DEGREE = 53
/** restic shifts by the degree less 8 and panics above 53. */
const DEGREE_MIN = 8
const DEGREE_MAX = 53

/** A new irreducible polynomial of degree 53, for a new repository. */
export function randomPolynomial(): Polynomial {
  const degreeBit = 1n << BigInt(RANDOM_DEGREE)
  for (;;) {
    const random = secureRandom(8).readBigUInt64LE()
    const value = (random & (degreeBit - 1n)) | degreeBit | 1n
    if (isIrreducible(value)) return value as Polynomial
  }
}

/**
 * The polynomial of a repository's configuration, in hexadecimal digits.
 * Throws `data.malformed` for anything that restic would not cut with: no number of 64 bits, a degree below 8 or above 53, reducible.
 */
export function parsePolynomial(hex: string): Polynomial {
  if (!/^0*[0-9a-f]{1,16}$/i.test(hex)) throw refusal('not a hexadecimal number of 64 bits', hex)
  const value = BigInt(`0x${hex}`)
  const degree = degreeOf(value)
  if (degree < DEGREE_MIN || degree > DEGREE_MAX) throw refusal(`its degree ${degree} is not from ${DEGREE_MIN} to ${DEGREE_MAX}`, hex)
  if (!isIrreducible(value)) throw refusal('it is reducible', hex)
  return value as Polynomial
}

/** The polynomial as a repository's configuration holds it: lower-case hexadecimal digits without prefix. */
export function formatPolynomial(polynomial: Polynomial): string {
  return polynomial.toString(16)
}

/** The degree of any polynomial; -1 for zero. */
export function degreeOf(value: bigint): number {
  return value === 0n ? -1 : value.toString(2).length - 1
}

/** Whether the polynomial has no factors but itself and 1, by Ben-Or's test. Constants are not irreducible. */
export function isIrreducible(value: bigint): boolean {
  const degree = degreeOf(value)
  if (degree < 1) return false
  let power = remainder(2n, value)
  for (let i = 1; i <= degree / 2; i++) {
    power = squareModulo(power, value)
    if (greatestCommonDivisor(value, power ^ 2n) !== 1n) return false
  }
  return true
}

/** The remainder of a division of polynomials. */
export function remainder(dividend: bigint, divisor: bigint): bigint {
  const degree = degreeOf(divisor)
  let rest = dividend
  for (let excess = degreeOf(rest) - degree; excess >= 0; excess = degreeOf(rest) - degree) rest ^= divisor << BigInt(excess)
  return rest
}

/** The greatest common divisor of two polynomials. */
export function greatestCommonDivisor(first: bigint, second: bigint): bigint {
  let [a, b] = [first, second]
  while (b !== 0n) [a, b] = [b, remainder(a, b)]
  return a
}

/** Squaring over GF(2) spreads the coefficients: bit n moves to bit 2n. */
function squareModulo(value: bigint, modulus: bigint): bigint {
  return remainder(BigInt(`0b${value.toString(2).split('').join('0')}`), modulus)
}

function refusal(state: string, hex: string): EngineError {
  return new EngineError('data.malformed', `Cannot use chunker polynomial "${hex.slice(0, 32)}": ${state}`)
}
