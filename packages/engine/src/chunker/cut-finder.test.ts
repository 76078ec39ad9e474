import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainCandidates, plainCuts } from '../testing/plain-cutter.ts'
import { CutFinder, resolveCut } from './cut-finder.ts'
import type { ChunkerLimits } from './limits.ts'
import { degreeOf, isIrreducible, type Polynomial, parsePolynomial, randomPolynomial } from './polynomial.ts'

describe('CutFinder', () => {
  it('cuts as a plain implementation does, whatever polynomial, limits and content', () => {
    fc.assert(
      fc.property(polynomials(), limits(), contents(), (polynomial, limits, content) => {
        const finder = finderOf(content, { polynomial, limits })
        expect(cutsOf(finder, content.length)).toEqual(plainCuts(content, { polynomial, limits }))
      }),
      { numRuns: 150 },
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
      { numRuns: 100 },
    )
  })

  it('finds the same cuts from the candidates of segments', () => {
    fc.assert(
      fc.property(
        polynomials(),
        limits(),
        contents(),
        fc.integer({ min: 100, max: 70_000 }),
        (polynomial, limits, content, segmentBytes) => {
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
      { numRuns: 100 },
    )
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
