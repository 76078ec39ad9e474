import type { ChunkerLimits } from '../chunker/limits.ts'
import { degreeOf, type Polynomial, remainder } from '../chunker/polynomial.ts'

/** How content is cut. */
interface Cutting {
  readonly polynomial: Polynomial
  readonly limits: ChunkerLimits
}

/** The cut offsets of `content`, found one byte after the other, by the definition; the end of the content is not among them. */
export function plainCuts(content: Uint8Array, cutting: Cutting): number[] {
  const { minSizeBytes, maxSizeBytes } = cutting.limits
  const candidates = new Set(plainCandidates(content, cutting))
  const cuts: number[] = []
  let start = 0
  for (let at = 1; at <= content.length; at++) {
    const length = at - start
    if (length < minSizeBytes) continue
    if (length < maxSizeBytes && !candidates.has(at)) continue
    cuts.push(at)
    start = at
  }
  return cuts
}

/** Every offset whose 64 bytes before it have a fingerprint that ends in `averageBits` zeros. */
export function plainCandidates(content: Uint8Array, cutting: Cutting): number[] {
  const { polynomial, limits } = cutting
  const fingerprint = new PlainFingerprint(polynomial)
  const candidates: number[] = []
  for (let at = 0; at < content.length; at++) {
    fingerprint.slide(content[at] ?? 0, at < 64 ? 0 : (content[at - 64] ?? 0))
    if (at >= 63 && fingerprint.endsInZeros(limits.averageBits)) candidates.push(at + 1)
  }
  return candidates
}

/** A digest as two halves of 32 bits, since numbers hold 53 bits and shift 32; bits go in one by one, as the definition says. */
class PlainFingerprint {
  #high = 0
  #low = 0
  readonly #degree: number
  readonly #polynomial: readonly [high: number, low: number]
  /** x^(512 + n) for the bits n of a byte that leaves the window. */
  readonly #leaving: readonly (readonly [high: number, low: number])[]

  constructor(polynomial: Polynomial) {
    this.#degree = degreeOf(polynomial)
    this.#polynomial = halves(polynomial)
    this.#leaving = Array.from({ length: 8 }, (_, bit) => halves(remainder(1n << BigInt(512 + bit), polynomial)))
  }

  slide(entering: number, leaving: number): void {
    for (let bit = 7; bit >= 0; bit--) this.#append((entering >>> bit) & 1)
    for (const [bit, [high, low]] of this.#leaving.entries()) {
      if ((leaving & (1 << bit)) === 0) continue
      this.#high ^= high
      this.#low ^= low
    }
  }

  endsInZeros(bits: number): boolean {
    return bits === 0 || this.#low << (32 - bits) === 0
  }

  #append(bit: number): void {
    this.#high = (this.#high << 1) | (this.#low >>> 31)
    this.#low = (this.#low << 1) | bit
    const top = this.#degree < 32 ? this.#low >>> this.#degree : this.#high >>> (this.#degree - 32)
    if ((top & 1) === 0) return
    this.#high ^= this.#polynomial[0]
    this.#low ^= this.#polynomial[1]
  }
}

function halves(value: bigint): readonly [high: number, low: number] {
  return [Number(value >> 32n), Number(value & 0xffff_ffffn)]
}
