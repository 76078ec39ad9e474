import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainCandidates, plainCuts } from '../testing/plain-cutter.ts'
import { CutFinder, resolveCut } from './cut-finder.ts'
import type { ChunkerLimits } from './limits.ts'
import { degreeOf, isIrreducible, type Polynomial, parsePolynomial, randomPolynomial } from './polynomial.ts'

const POLYNOMIAL = parsePolynomial('3da3358b4dc173')

describe('CutFinder', () => {
  it('cuts as a plain implementation does, whatever polynomial, limits and content', () => {
    fc.assert(
      fc.property(polynomials(), limits(), contents(), (polynomial, limits, content) => {
        const finder = finderOf(content, { polynomial, limits })
        expect(cutsOf(finder, content.length)).toEqual(plainCuts(content, { polynomial, limits }))
      }),
      { numRuns: 60 },
    )
  })

  it('lists as candidates what a plain implementation does', () => {
    fc.assert(
      fc.property(polynomials(), limits(), contents(), (polynomial, limits, content) => {
        const finder = finderOf(content, { polynomial, limits })
        const into = new Uint32Array(2 * content.length + 2)
        const count = finder.findCandidates(0, content.length, into)
        expect(offsetsOf(into.subarray(0, count))).toEqual(plainCandidates(content, { polynomial, limits }))
      }),
      { numRuns: 40 },
    )
  })

  it('finds the same cuts from the candidates of segments', () => {
    fc.assert(
      fc.property(
        fc.tuple(polynomials(), limits()),
        contents(),
        fc.integer({ min: 100, max: 70_000 }),
        ([polynomial, limits], content, segmentBytes) => {
          const finder = finderOf(content, { polynomial, limits })
          const runs: number[] = []
          for (let start = 0; start < content.length; start += segmentBytes) {
            const into = new Uint32Array(2 * content.length + 2)
            const end = Math.min(start + segmentBytes, content.length)
            runs.push(...into.subarray(0, finder.findCandidates(Math.max(start - 63, 0), end, into)))
          }
          const cuts: number[] = []
          for (let at = 0; at !== -1; ) {
            at = resolveCut(runs, at, { end: content.length, limits })
            if (at !== -1) cuts.push(at)
          }
          expect(cuts).toEqual(cutsOf(finder, content.length))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('goes on where it stopped', () => {
    fc.assert(
      fc.property(limits(), contents(), fc.array(fc.nat({ max: 300_000 }), { maxLength: 8 }), (limits, content, stops) => {
        const finder = finderOf(content, { polynomial: randomPolynomial(), limits })
        const ends = [...new Set([...stops, content.length])].filter((end) => end <= content.length).sort((a, b) => a - b)
        const cuts: number[] = []
        let searchedTo = 0
        for (const end of ends) {
          for (;;) {
            const cut = finder.nextCut(cuts.at(-1) ?? 0, end, { searchedTo })
            if (cut === -1) break
            cuts.push(cut)
            searchedTo = cut
          }
          searchedTo = end
        }
        expect(cuts).toEqual(cutsOf(finder, content.length))
      }),
      { numRuns: 40 },
    )
  })

  it('goes on at the very next byte', () => {
    // The first window of zeros ends at 264; noise this short has no candidate.
    const content = Buffer.concat([noise(200, 1), new Uint8Array(1000)])
    const finder = finderOf(content, { polynomial: POLYNOMIAL, limits: { minSizeBytes: 64, maxSizeBytes: 5000, averageBits: 20 } })
    expect(finder.nextCut(0, 263)).toBe(-1)
    expect(finder.nextCut(0, 400, { searchedTo: 263 })).toBe(264)
  })

  it('cuts at the maximum as soon as it has it', () => {
    const content = noise(1000, 1)
    const finder = finderOf(content, { polynomial: POLYNOMIAL, limits: { minSizeBytes: 64, maxSizeBytes: 900, averageBits: 20 } })
    expect(finder.nextCut(0, 899)).toBe(-1)
    expect(finder.nextCut(0, 900)).toBe(900)
    expect(finder.nextCut(0, 1000)).toBe(900)
  })

  it('keeps its buffer on a page boundary and as long as asked for', () => {
    const { buffer } = new CutFinder(randomPolynomial(), { capacityBytes: 100_000 })
    expect(buffer.length).toBe(100_000)
    expect(buffer.byteOffset % 4096).toBe(0)
  })

  it('refuses a list of candidates that is too short', () => {
    const content = noise(100_000, 1)
    const finder = finderOf(content, { polynomial: randomPolynomial(), limits: { minSizeBytes: 64, maxSizeBytes: 64, averageBits: 4 } })
    expect(() => finder.findCandidates(0, content.length, new Uint32Array(10))).toThrowError(
      expect.objectContaining({ code: 'input.invalid' }),
    )
  })

  it.each([
    { minSizeBytes: 63, maxSizeBytes: 1000, averageBits: 10 },
    { minSizeBytes: 1000, maxSizeBytes: 999, averageBits: 10 },
    { minSizeBytes: 64, maxSizeBytes: 1000.5, averageBits: 10 },
    { minSizeBytes: 64, maxSizeBytes: 1000, averageBits: 53 },
    { minSizeBytes: 64, maxSizeBytes: 1000, averageBits: -1 },
  ])('refuses the limits %o', (limits) => {
    expect(() => new CutFinder(randomPolynomial(), { capacityBytes: 1000, limits })).toThrowError(
      expect.objectContaining({ code: 'input.invalid' }),
    )
  })

  it.each([0, -1, 1.5, Number.NaN, 2 ** 32])('refuses the capacity %d', (capacityBytes) => {
    expect(() => new CutFinder(randomPolynomial(), { capacityBytes })).toThrowError(expect.objectContaining({ code: 'input.invalid' }))
  })

  it.each([
    [-1, 10],
    [5, 4],
    [0, 101],
    [0.5, 10],
    [Number.NaN, 10],
  ])('refuses the range %d to %d', (start, end) => {
    const finder = new CutFinder(randomPolynomial(), { capacityBytes: 100 })
    expect(() => finder.nextCut(start, end)).toThrowError(RangeError)
  })
})

function polynomials(): fc.Arbitrary<Polynomial> {
  const small = fc
    .bigInt({ min: 1n << 8n, max: (1n << 54n) - 1n })
    .map((value) => value | 1n)
    .filter((value) => degreeOf(value) >= 8 && isIrreducible(value))
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant(0).map(() => randomPolynomial()) },
    { weight: 1, arbitrary: small as fc.Arbitrary<Polynomial> },
  )
}

function limits(): fc.Arbitrary<ChunkerLimits> {
  return fc
    .record({
      minSizeBytes: fc.integer({ min: 64, max: 5000 }),
      more: fc.integer({ min: 0, max: 100_000 }),
      averageBits: fc.integer({ min: 0, max: 18 }),
    })
    .map(({ minSizeBytes, more, averageBits }) => ({ minSizeBytes, maxSizeBytes: minSizeBytes + more, averageBits }))
}

function contents(): fc.Arbitrary<Uint8Array> {
  const part = fc.oneof(
    fc.tuple(fc.integer({ min: 0, max: 90_000 }), fc.integer()).map(([length, seed]) => noise(length, seed)),
    fc
      .tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 255 }))
      .map(([length, byte]) => new Uint8Array(length).fill(byte)),
    fc
      .tuple(fc.integer({ min: 0, max: 300 }), fc.uint8Array({ minLength: 1, maxLength: 100 }))
      .map(([times, unit]) => repeated(unit, times)),
  )
  return fc.array(part, { maxLength: 4 }).map((parts) => Buffer.concat(parts))
}

function noise(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed | 1
  for (let i = 0; i < length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state >>> 11
  }
  return bytes
}

function repeated(unit: Uint8Array, times: number): Uint8Array {
  return Buffer.concat(Array.from({ length: times }, () => unit))
}

function finderOf(content: Uint8Array, options: { readonly polynomial: Polynomial; readonly limits: ChunkerLimits }): CutFinder {
  const finder = new CutFinder(options.polynomial, { capacityBytes: content.length + 1, limits: options.limits })
  finder.buffer.set(content)
  return finder
}

function cutsOf(finder: CutFinder, end: number): number[] {
  const cuts: number[] = []
  for (let at = finder.nextCut(0, end); at !== -1; at = finder.nextCut(at, end)) cuts.push(at)
  return cuts
}

function offsetsOf(runs: Uint32Array): number[] {
  const offsets: number[] = []
  for (let i = 0; i < runs.length; i += 2) {
    for (let offset = runs[i] ?? 0; offset <= (runs[i + 1] ?? -1); offset++) offsets.push(offset)
  }
  return offsets
}
