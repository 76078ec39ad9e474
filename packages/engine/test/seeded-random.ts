/** The seed of this run: a failing test prints it, and `HOLDFAST_TEST_SEED` brings the run back. */
export const SEED: number = Number(process.env.HOLDFAST_TEST_SEED ?? Date.now() % 2 ** 31)

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b_79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A whole number in [0, `below`). */
export function randomBelow(random: () => number, below: number): number {
  return Math.floor(random() * below)
}
