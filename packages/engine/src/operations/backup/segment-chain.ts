/**
 * Tells the workers that cut one large file where each segment's first chunk begins: one 64 bit word a segment, written once by whoever
 * cuts the segment before.
 */
const UNKNOWN = -1n
const FAILED = -2n

/** The chain of that many segments; the first chunk of the first one begins at `start` of the file. */
export function createSegmentChain(segments: number, start: number): SharedArrayBuffer {
  const chain = new SharedArrayBuffer((segments + 1) * 8)
  new BigInt64Array(chain).fill(UNKNOWN).set([BigInt(start)])
  return chain
}

/** Says where the first chunk of `segment` begins in the file, or that nobody will ever know. */
export function publishCut(
  chain: SharedArrayBuffer,
  segment: number,
  cut: { readonly position: number } | { readonly failed: true },
): void {
  const words = new BigInt64Array(chain)
  Atomics.compareExchange(words, segment, UNKNOWN, 'failed' in cut ? FAILED : BigInt(cut.position))
  Atomics.notify(words, segment)
}

/** Where the first chunk of `segment` begins; negative when the file could not be read up to there; undefined while that is unknown. */
export function takeCut(chain: SharedArrayBuffer, segment: number): number | undefined {
  const value = Atomics.load(new BigInt64Array(chain), segment)
  return value === UNKNOWN ? undefined : Number(value)
}

/** As {@link takeCut}, but waits until it is known. Segments are begun in order, so that somebody is working on it. */
export function waitForCut(chain: SharedArrayBuffer, segment: number): number {
  for (;;) {
    const cut = takeCut(chain, segment)
    if (cut !== undefined) return cut
    Atomics.wait(new BigInt64Array(chain), segment, UNKNOWN)
  }
}
