import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { goRandomBytes } from '../testing/go-random.ts'
import { CutFinder, resolveCut } from './cut-finder.ts'
import { type ChunkerLimits, RESTIC_LIMITS } from './limits.ts'
import { parsePolynomial } from './polynomial.ts'
import { StreamCutter } from './stream-cutter.ts'

const MEBIBYTE = 1024 * 1024
const POLYNOMIAL = parsePolynomial('3da3358b4dc173')

/** The reference implementation's tables: lengths of the chunks of 32 MiB from math/rand with seed 23. */
const TABLES: readonly { readonly title: string; readonly limits: ChunkerLimits; readonly lengths: readonly number[] }[] = [
  {
    title: "restic's limits",
    limits: RESTIC_LIMITS,
    lengths: [
      2163460, 643703, 1528956, 1955808, 2222372, 2538687, 609606, 1205738, 959742, 4036109, 1525894, 1352720, 811884, 1282314, 1318021,
      948640, 645464, 533758, 1128303, 800374, 2453512, 2651975, 237392,
    ],
  },
  {
    title: '19 bits',
    limits: { ...RESTIC_LIMITS, averageBits: 19 },
    lengths: [
      1491586, 671874, 643703, 1284146, 823366, 810134, 567118, 821315, 1401057, 2311122, 608723, 980456, 1140278, 2015542, 904752, 713072,
      675937, 1525894, 1352720, 811884, 1282314, 1093738, 962003, 856384, 533758, 1128303, 800374, 2453512, 665901, 1986074, 237392,
    ],
  },
  {
    title: '16 to 32 MiB',
    limits: { minSizeBytes: 16 * MEBIBYTE, maxSizeBytes: 32 * MEBIBYTE, averageBits: 20 },
    lengths: [17864181, 15690251],
  },
]

describe("the reference implementation's content", () => {
  const content = goRandomBytes(23, 32 * MEBIBYTE)

  it('is made as it is there', () => {
    const hash = createHash('sha256').update(content.subarray(0, 2163460)).digest('hex')
    expect(hash).toBe('4b94cb2cf293855ea43bf766731c74969b91aa6bf3c078719aabdd19860d590d')
  })

  it.each(TABLES)('is cut alike with $title', ({ limits, lengths }) => {
    const finder = new CutFinder(POLYNOMIAL, { capacityBytes: content.length, limits })
    finder.buffer.set(content)
    expect(lengthsOf((start) => finder.nextCut(start, content.length))).toEqual(lengths)
  })

  it.each(TABLES)('is cut alike by candidates with $title', ({ limits, lengths }) => {
    const finder = new CutFinder(POLYNOMIAL, { capacityBytes: content.length, limits })
    finder.buffer.set(content)
    const into = new Uint32Array(1000)
    const candidates = into.subarray(0, finder.findCandidates(0, content.length, into))
    expect(lengthsOf((start) => resolveCut(candidates, start, { end: content.length, limits }))).toEqual(lengths)
  })

  it.each(TABLES)('is cut alike as a stream with $title', ({ limits, lengths }) => {
    const cutter = new StreamCutter(POLYNOMIAL, { limits })
    const found: number[] = []
    for (let at = 0; at < content.length; at += 1_000_003) {
      for (const chunk of cutter.push(content.subarray(at, at + 1_000_003))) found.push(chunk.length)
    }
    for (const chunk of cutter.finish()) found.push(chunk.length)
    expect(found).toEqual(lengths)
  })

  it('is cut in a lane behind one with a false alarm', () => {
    // The lanes compare 21 bits. A place where those are zero, but not 30, lies before zeros, where all are.
    const loose = new CutFinder(POLYNOMIAL, { capacityBytes: content.length, limits: { ...RESTIC_LIMITS, averageBits: 21 } })
    loose.buffer.set(content)
    const into = new Uint32Array(1000)
    loose.findCandidates(0, content.length, into)
    const alarm = into[0] ?? 0
    const limits = { minSizeBytes: 64, maxSizeBytes: MEBIBYTE, averageBits: 30 }
    const strict = new CutFinder(POLYNOMIAL, { capacityBytes: 40_000, limits })
    strict.buffer.set(content.subarray(alarm - 10_000, alarm + 15_000))
    expect(strict.nextCut(0, 40_000)).toBe(25_064)
  })

  /** Cuts from start to end; what is undecided at the end is the last chunk. */
  function lengthsOf(cutAfter: (start: number) => number): number[] {
    const lengths: number[] = []
    for (let start = 0; start < content.length; ) {
      const cut = cutAfter(start)
      const end = cut === -1 ? content.length : cut
      lengths.push(end - start)
      start = end
    }
    return lengths
  }
})

describe('zeros', () => {
  const lengthBytes = 4 * RESTIC_LIMITS.minSizeBytes

  it('are cut at the minimum', () => {
    const finder = new CutFinder(POLYNOMIAL, { capacityBytes: lengthBytes })
    const cuts: number[] = []
    for (let at = finder.nextCut(0, lengthBytes); at !== -1; at = finder.nextCut(at, lengthBytes)) cuts.push(at)
    expect(cuts).toEqual([1, 2, 3, 4].map((factor) => factor * RESTIC_LIMITS.minSizeBytes))
  })

  it('are a single run of candidates', () => {
    const finder = new CutFinder(POLYNOMIAL, { capacityBytes: lengthBytes })
    const into = new Uint32Array(2)
    expect(finder.findCandidates(0, lengthBytes, into)).toBe(2)
    expect([...into]).toEqual([64, lengthBytes])
  })
})
