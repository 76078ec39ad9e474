// Finds the places where content may be cut: every position whose last 64 bytes have a Rabin fingerprint that ends in zero bits.
//
// AssemblyScript, compiled to ../kernel.wasm by tools/build-wasm.sh. The memory belongs to the caller, who also fills the tables.
//
// What was learned (GB/s on one core of a 2.6 GHz Xeon with AMX; data in the cache, windows all hashed):
// one lane with 256-entry tables is bound by the latency of its chain (0.46); three interleaved lanes of it by the sheer number of
// instructions (0.87). Sixteen lanes in the bytes of a vector need far fewer: the digest is kept as seven byte vectors, so multiplying by
// x^8 is a renaming, and reducing or removing a byte is a linear map of its two nibbles, that is two 16-entry table look-ups per byte of
// digest, for which the processor has one instruction (swizzle).

/** Bytes in the window. */
const WINDOW: usize = 64

/** 256 u64: a digest's top byte → what cancels it and adds its remainder. */
export const MOD_TABLE: usize = 0
/** 256 u64: a byte → its share in the digest once it has left the window. */
export const OUT_TABLE: usize = 2048
/** 28 vectors of 16 bytes: for each byte of the scaled digest from low to high, MOD of low and high nibbles, OUT of low and high nibbles. */
export const NIBBLE_TABLES: usize = 4096
/** The split mask in the scaled digest's lowest three bytes, each repeated over a vector. */
export const FILTER_MASKS: usize = 4608
/** Two rings of transposed input: 128 steps of 16 lanes. */
const RING: usize = 8192
const RING_STEPS: usize = 128
const SCRATCH: usize = 12288
/** Where the caller's bytes begin: page aligned. */
export const BUFFER: usize = 65536

/** Bytes that each lane checks in a full block; no power of two, or all lanes would fall into the same few sets of the cache. */
const LANE_BYTES: usize = 2000
const LANES: usize = 16
/** Below this, warming up the lanes costs more than they save. */
const LEAST_LANE_BYTES: usize = 32

let shift: u64 = 45
let splitMask: u64 = 0
let vectors: bool = false

export function configure(degree: u32, mask: u64): void {
  shift = u64(degree - 8)
  splitMask = mask
  vectors = degree == 53
}

/** The first p in (from, to] whose window is a candidate; 0 when there is none. Addresses. */
export function firstCandidate(from: usize, to: usize): usize {
  let at = from
  if (vectors) {
    for (;;) {
      const laneBytes = min<usize>(LANE_BYTES, ((to - at) / LANES) & ~15)
      if (laneBytes < LEAST_LANE_BYTES) break
      let lanes = suspects(at, laneBytes)
      while (lanes) {
        const start = at + laneBytes * ctz(lanes)
        const found = scan(start, start + laneBytes)
        if (found) return found
        lanes &= lanes - 1
      }
      at += laneBytes * LANES
    }
  }
  return scan(at, to)
}

/** The same as firstCandidate, one byte after the other, for any polynomial. */
export function scan(from: usize, to: usize): usize {
  let digest: u64 = 0
  for (let at = from - WINDOW; at < from; at++) {
    digest = ((digest << 8) | load<u8>(at)) ^ load<u64>(MOD_TABLE + (usize(digest >> shift) << 3))
  }
  for (let at = from; at < to; at++) {
    const leaving = load<u64>(OUT_TABLE + (usize(load<u8>(at - WINDOW)) << 3))
    digest = ((digest << 8) | load<u8>(at)) ^ leaving ^ load<u64>(MOD_TABLE + (usize(digest >> shift) << 3))
    if ((digest & splitMask) == 0) return at + 1
  }
  return 0
}

/** The last p in [from, to] such that every position from the candidate `from` to p is a candidate. */
export function lastOfRun(from: usize, to: usize): usize {
  let digest: u64 = 0
  for (let at = from - WINDOW; at < from; at++) {
    digest = ((digest << 8) | load<u8>(at)) ^ load<u64>(MOD_TABLE + (usize(digest >> shift) << 3))
  }
  for (let at = from; at < to; at++) {
    const leaving = load<u64>(OUT_TABLE + (usize(load<u8>(at - WINDOW)) << 3))
    digest = ((digest << 8) | load<u8>(at)) ^ leaving ^ load<u64>(MOD_TABLE + (usize(digest >> shift) << 3))
    if ((digest & splitMask) != 0) return at
  }
  return to
}

@inline
function look(table: usize, index: v128): v128 {
  return i8x16.relaxed_swizzle(v128.load(NIBBLE_TABLES + table * 16), index)
}

@inline
function reduced(position: usize, low: v128, high: v128): v128 {
  return v128.xor(look(position * 4, low), look(position * 4 + 1, high))
}

@inline
function left(position: usize, low: v128, high: v128): v128 {
  return v128.xor(look(position * 4 + 2, low), look(position * 4 + 3, high))
}

@inline
function lowNibbles(bytes: v128): v128 {
  return v128.and(bytes, i8x16.splat(15))
}

@inline
function highNibbles(bytes: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, 4), i8x16.splat(15))
}

/** One bit per lane of `length` bytes, from the lowest address up: whether the lane has a candidate. */
export function suspects(from: usize, length: usize): u32 {
  let s0 = i8x16.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0
  for (let at: usize = 0; at < WINDOW; at += 16) {
    const slot = RING + at * 16
    transpose(from - WINDOW + at, length, slot)
    for (let step: usize = 0; step < 256; step += 16) {
      const entering = v128.load(slot + step)
      const topLow = lowNibbles(s6)
      const topHigh = highNibbles(s6)
      s6 = v128.xor(s5, reduced(6, topLow, topHigh))
      s5 = v128.xor(s4, reduced(5, topLow, topHigh))
      s4 = v128.xor(s3, reduced(4, topLow, topHigh))
      s3 = v128.xor(s2, reduced(3, topLow, topHigh))
      s2 = v128.xor(s1, reduced(2, topLow, topHigh))
      s1 = v128.xor(v128.xor(s0, v128.and(i16x8.shr_u(entering, 5), i8x16.splat(7))), reduced(1, topLow, topHigh))
      s0 = v128.xor(i16x8.shl(v128.and(entering, i8x16.splat(31)), 3), reduced(0, topLow, topHigh))
    }
  }
  let least = i8x16.splat(-1)
  for (let at: usize = 0; at < length; at += 16) {
    const slot = RING + ((at + WINDOW) & (RING_STEPS - 1)) * 16
    const oldSlot = RING + (at & (RING_STEPS - 1)) * 16
    transpose(from + at, length, slot)
    for (let step: usize = 0; step < 256; step += 16) {
      const entering = v128.load(slot + step)
      const leaving = v128.load(oldSlot + step)
      const topLow = lowNibbles(s6)
      const topHigh = highNibbles(s6)
      const oldLow = lowNibbles(leaving)
      const oldHigh = highNibbles(leaving)
      s6 = v128.xor(v128.xor(s5, reduced(6, topLow, topHigh)), left(6, oldLow, oldHigh))
      s5 = v128.xor(v128.xor(s4, reduced(5, topLow, topHigh)), left(5, oldLow, oldHigh))
      s4 = v128.xor(v128.xor(s3, reduced(4, topLow, topHigh)), left(4, oldLow, oldHigh))
      s3 = v128.xor(v128.xor(s2, reduced(3, topLow, topHigh)), left(3, oldLow, oldHigh))
      s2 = v128.xor(v128.xor(s1, reduced(2, topLow, topHigh)), left(2, oldLow, oldHigh))
      s1 = v128.xor(
        v128.xor(v128.xor(s0, v128.and(i16x8.shr_u(entering, 5), i8x16.splat(7))), reduced(1, topLow, topHigh)),
        left(1, oldLow, oldHigh),
      )
      s0 = v128.xor(
        v128.xor(i16x8.shl(v128.and(entering, i8x16.splat(31)), 3), reduced(0, topLow, topHigh)),
        left(0, oldLow, oldHigh),
      )
      least = i8x16.min_u(
        least,
        v128.or(
          v128.or(v128.and(s0, v128.load(FILTER_MASKS)), v128.and(s1, v128.load(FILTER_MASKS + 16))),
          v128.and(s2, v128.load(FILTER_MASKS + 32)),
        ),
      )
    }
  }
  return i8x16.bitmask(i8x16.eq(least, i8x16.splat(0)))
}

/** Writes 16 vectors to `to`: vector n holds byte n of each lane, lanes lying `stride` bytes apart from `from` on. */
function transpose(from: usize, stride: usize, to: usize): void {
  for (let i: usize = 0; i < 4; i++) {
    const lane = from + i * stride
    interleave(v128.load(lane), v128.load(lane + 4 * stride), v128.load(lane + 8 * stride), v128.load(lane + 12 * stride), SCRATCH + i * 64)
  }
  for (let i: usize = 0; i < 4; i++) {
    const row = SCRATCH + i * 16
    interleave(v128.load(row), v128.load(row, 64), v128.load(row, 128), v128.load(row, 192), to + i * 64)
  }
}

@inline
function interleave(a: v128, b: v128, c: v128, d: v128, to: usize): void {
  const acLow = v128.shuffle<i8>(a, c, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
  const acHigh = v128.shuffle<i8>(a, c, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
  const bdLow = v128.shuffle<i8>(b, d, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
  const bdHigh = v128.shuffle<i8>(b, d, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
  v128.store(to, v128.shuffle<i8>(acLow, bdLow, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23))
  v128.store(to, v128.shuffle<i8>(acLow, bdLow, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16)
  v128.store(to, v128.shuffle<i8>(acHigh, bdHigh, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), 32)
  v128.store(to, v128.shuffle<i8>(acHigh, bdHigh, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 48)
}
