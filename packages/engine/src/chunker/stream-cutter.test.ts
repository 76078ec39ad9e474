import { randomFillSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plainCuts } from '../testing/plain-cutter.ts'
import { parsePolynomial } from './polynomial.ts'
import { cutStream, StreamCutter } from './stream-cutter.ts'

const polynomial = parsePolynomial('3da3358b4dc173')
const limits = { minSizeBytes: 500, maxSizeBytes: 4000, averageBits: 10 }
const content = randomFillSync(Buffer.alloc(200_000)).fill(0, 100_000, 110_000)

describe('StreamCutter', () => {
  it('cuts a content in pieces as it cuts the whole', () => {
    const expected = plainCuts(content, { polynomial, limits })
    fc.assert(
      fc.property(pieceLengths(), fc.integer({ min: 8000, max: 300_000 }), fc.boolean(), (lengths, capacityBytes, reads) => {
        const cutter = new StreamCutter(polynomial, { limits, capacityBytes })
        const chunks: Buffer[] = []
        const take = (made: Iterable<Uint8Array>): void => {
          for (const chunk of made) chunks.push(Buffer.from(chunk))
        }
        for (const piece of piecesOf(content, lengths)) take(reads ? readInto(cutter, piece) : cutter.push(piece))
        take(cutter.finish())
        expect(cutsOf(chunks)).toEqual(expected)
        expect(Buffer.concat(chunks).equals(content)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  it('serves one content after the other', () => {
    const cutter = new StreamCutter(polynomial, { limits })
    const cutAll = (): number[] => [...cutter.push(content), ...cutter.finish()].map((chunk) => chunk.length)
    const once = cutAll()
    expect(cutAll()).toEqual(once)
  })

  it('gives no chunk for nothing', () => {
    const cutter = new StreamCutter(polynomial, { limits })
    expect([...cutter.push(new Uint8Array(0)), ...cutter.finish()]).toEqual([])
  })

  it('gives chunks as soon as they are complete', () => {
    const cutter = new StreamCutter(polynomial)
    const lengths = [...cutter.push(new Uint8Array(2 * 512 * 1024 + 1))].map((chunk) => chunk.length)
    expect(lengths).toEqual([512 * 1024, 512 * 1024])
  })

  it('refuses a capacity that does not hold two chunks', () => {
    expect(() => new StreamCutter(polynomial, { limits, capacityBytes: 7999 })).toThrowError(
      expect.objectContaining({ code: 'input.invalid' }),
    )
  })

  it('refuses more bytes than there was room for', () => {
    const cutter = new StreamCutter(polynomial, { limits })
    expect(() => cutter.wrote(cutter.space().length + 1)).toThrowError(RangeError)
  })
})

describe('cutStream', () => {
  it('cuts an asynchronous content', async () => {
    const chunks: Buffer[] = []
    for await (const chunk of cutStream(slowly(), new StreamCutter(polynomial, { limits }))) chunks.push(Buffer.from(chunk))
    expect(cutsOf(chunks)).toEqual(plainCuts(content, { polynomial, limits }))
  })

  it('passes on what the content throws', async () => {
    const chunks = cutStream(failing(), new StreamCutter(polynomial, { limits }))
    await expect(Array.fromAsync(chunks)).rejects.toThrowError('broken pipe')
  })
})

function pieceLengths(): fc.Arbitrary<readonly number[]> {
  const length = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 150_000 }))
  return fc.array(length, { minLength: 1, maxLength: 30 })
}

/** Slices of the given lengths; the last holds the rest. */
function* piecesOf(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  let at = 0
  for (const length of lengths) {
    yield bytes.subarray(at, at + length)
    at += length
  }
  yield bytes.subarray(at)
}

function* readInto(cutter: StreamCutter, piece: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < piece.length; ) {
    const space = cutter.space()
    const part = piece.subarray(at, at + space.length)
    space.set(part)
    at += part.length
    yield* cutter.wrote(part.length)
  }
}

async function* slowly(): AsyncGenerator<Uint8Array> {
  for (const piece of piecesOf(content, [1, 70_000, 0, 999])) {
    await Promise.resolve()
    yield piece
  }
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield content
  throw new Error('broken pipe')
}

/** The offsets between chunks. */
function cutsOf(chunks: readonly Uint8Array[]): number[] {
  let end = 0
  const cuts = chunks.map((chunk) => {
    end += chunk.length
    return end
  })
  return cuts.slice(0, -1)
}
