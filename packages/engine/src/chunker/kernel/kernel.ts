// Finds the places where content may be cut: every position whose last 64 bytes have a Rabin fingerprint that ends in zero bits.
//
// AssemblyScript, compiled to ../kernel.wasm by tools/build-wasm.sh. The memory belongs to the caller, who also fills the tables
// (../kernel.ts). Nobody checks addresses here.
//
// What was learned (GB/s over random data, every window hashed, one core of a Xeon at 2.6 GHz that others used too, best of many runs):
//
// - 0.41: one lane with two tables of 256 digests, waiting for its own chain of look-ups. Three such lanes interleaved gave 0.87 in an
//   earlier experiment.
// - 1.6 to 1.7: sixteen lanes in the bytes of vectors, as below. The digest is seven vectors, so multiplying it by x^8 is a renaming;
//   reducing it and removing the byte that leaves the window are linear maps, each two look-ups of a nibble per byte of the digest, for
//   which processors have an instruction. Shifting the digest by three bits lets the byte that overflows be a whole vector.
// - The strict swizzle instead of the relaxed one costs a sixth (indices stay below 16, where both agree). Unrolling the steps, and
//   filtering without masks, gained less than 5%, about the noise: not worth their lines. Lanes of 512 bytes lose a tenth to warming up.
// - Not tried: 32 lanes that share the tables' loads. By a count of instructions it is the vector units that limit, not the loads.
// - Removing the vectors' false alarms by rescanning the lane keeps them a filter: only a missed candidate could do harm.

/** Bytes in the window. */
const WINDOW: usize = 64

/** 256 u64: a digest's top byte → what cancels it and adds its remainder. */
export const MOD_TABLE: usize = 0
/** 256 u64: a byte → its share in the digest once it has left the window. */
export const OUT_TABLE: usize = 2048
/** 28 vectors: per byte of the shifted digest, lowest first, its shares by low and high nibble of MOD, then of OUT. */
export const NIBBLE_TABLES: usize = 4096
/** 3 vectors: the lowest three bytes of the shifted split mask, each in all lanes. */
export const FILTER_MASKS: usize = 4608
/** The lanes' last 128 bytes, transposed: a vector for each step, a byte for each lane. */
const RING: usize = 8192
const RING_STEPS: usize = 128
/** Room for 16 vectors while they are transposed. */
const SCRATCH: usize = 12288

/** Bytes that each lane checks in a full block; no power of two, or all lanes would fall into the same few sets of the cache. */
const LANE_BYTES: usize = 2000
const LANES: usize = 16
/** Below this, warming up the lanes costs more than they save. */
const LEAST_LANE_BYTES: usize = 32

let shift: u64 = 45
let splitMask: u64 = 0
let inLanes: bool = false

/** Sets the degree of the polynomial that the tables are for, and the bits of a digest that are zero in a candidate. */
export function configure(degree: u32, mask: u64): void {
  shift = u64(degree - 8)
  splitMask = mask
  // restic makes polynomials of degree 53 only; the vectors' shifts are for that.
  inLanes = degree == 53
}

/** The first p in (from, to] such that the window before it is a candidate, 0 when there is none. */
export function firstCandidate(from: usize, to: usize): usize {
  let at = from
  while (inLanes) {
    const laneBytes = min<usize>(LANE_BYTES, ((to - at) / LANES) & ~15)
    if (laneBytes < LEAST_LANE_BYTES) break
    for (let lanes = suspects(at, laneBytes); lanes != 0; lanes &= lanes - 1) {
      const lane = at + laneBytes * ctz(lanes)
      const found = scan(lane, lane + laneBytes)
      if (found != 0) return found
    }
    at += laneBytes * LANES
  }
  return scan(at, to)
}

/** The last p in [from, to] such that every position from `from`, a candidate, to p is one. */
export function lastOfRun(from: usize, to: usize): usize {
  let digest = digestBefore(from)
  for (let at = from; at < to; at++) {
    digest = slide(digest, at)
    if ((digest & splitMask) != 0) return at
  }
  return to
}

/** The same as firstCandidate, one byte after the other, for any polynomial. */
function scan(from: usize, to: usize): usize {
  let digest = digestBefore(from)
  for (let at = from; at < to; at++) {
    digest = slide(digest, at)
    if ((digest & splitMask) == 0) return at + 1
  }
  return 0
}

function digestBefore(end: usize): u64 {
  let digest: u64 = 0
  for (let at = end - WINDOW; at < end; at++) digest = append(digest, at)
  return digest
}

@inline
function slide(digest: u64, at: usize): u64 {
  return append(digest, at) ^ load<u64>(OUT_TABLE + (usize(load<u8>(at - WINDOW)) << 3))
}

@inline
function append(digest: u64, at: usize): u64 {
  return ((digest << 8) | load<u8>(at)) ^ load<u64>(MOD_TABLE + (usize(digest >> shift) << 3))
}

/** One bit per lane of `length` bytes from `from` on, lowest first: whether a candidate is in it, at least as far as the masks tell. */
function suspects(from: usize, length: usize): u32 {
  let s0 = i8x16.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0
  for (let at: usize = 0; at < WINDOW; at += 16) {
    const slot = RING + at * 16
    transpose(from - WINDOW + at, length, slot)
    for (let step: usize = 0; step < 256; step += 16) {
      const entering = v128.load(slot + step)
      const low = lowNibbles(s6), high = highNibbles(s6)
      s6 = v128.xor(s5, share(6 * 4, low, high))
      s5 = v128.xor(s4, share(5 * 4, low, high))
      s4 = v128.xor(s3, share(4 * 4, low, high))
      s3 = v128.xor(s2, share(3 * 4, low, high))
      s2 = v128.xor(s1, share(2 * 4, low, high))
      s1 = v128.xor(v128.xor(s0, upperBits(entering)), share(1 * 4, low, high))
      s0 = v128.xor(lowerBits(entering), share(0 * 4, low, high))
    }
  }
  let least = i8x16.splat(-1)
  for (let at: usize = 0; at < length; at += 16) {
    const slot = RING + ((at + WINDOW) & (RING_STEPS - 1)) * 16
    const oldSlot = RING + (at & (RING_STEPS - 1)) * 16
    transpose(from + at, length, slot)
    for (let step: usize = 0; step < 256; step += 16) {
      const entering = v128.load(slot + step), leaving = v128.load(oldSlot + step)
      const low = lowNibbles(s6), high = highNibbles(s6)
      const oldLow = lowNibbles(leaving), oldHigh = highNibbles(leaving)
      s6 = v128.xor(v128.xor(s5, share(6 * 4, low, high)), share(6 * 4 + 2, oldLow, oldHigh))
      s5 = v128.xor(v128.xor(s4, share(5 * 4, low, high)), share(5 * 4 + 2, oldLow, oldHigh))
      s4 = v128.xor(v128.xor(s3, share(4 * 4, low, high)), share(4 * 4 + 2, oldLow, oldHigh))
      s3 = v128.xor(v128.xor(s2, share(3 * 4, low, high)), share(3 * 4 + 2, oldLow, oldHigh))
      s2 = v128.xor(v128.xor(s1, share(2 * 4, low, high)), share(2 * 4 + 2, oldLow, oldHigh))
      s1 = v128.xor(v128.xor(v128.xor(s0, upperBits(entering)), share(1 * 4, low, high)), share(1 * 4 + 2, oldLow, oldHigh))
      s0 = v128.xor(v128.xor(lowerBits(entering), share(0 * 4, low, high)), share(0 * 4 + 2, oldLow, oldHigh))
      least = i8x16.min_u(least, v128.or(v128.or(masked(s0, 0), masked(s1, 16)), masked(s2, 32)))
    }
  }
  return i8x16.bitmask(i8x16.eq(least, i8x16.splat(0)))
}

/** What the bytes whose nibbles are given contribute to one byte of the digest, by the table numbered `table` and the one after it. */
@inline
function share(table: usize, low: v128, high: v128): v128 {
  return v128.xor(
    i8x16.relaxed_swizzle(v128.load(NIBBLE_TABLES + table * 16), low),
    i8x16.relaxed_swizzle(v128.load(NIBBLE_TABLES + table * 16 + 16), high),
  )
}

@inline
function lowNibbles(bytes: v128): v128 {
  return v128.and(bytes, i8x16.splat(15))
}

@inline
function highNibbles(bytes: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, 4), i8x16.splat(15))
}

/** The part of bytes shifted by three that stays within them. */
@inline
function lowerBits(bytes: v128): v128 {
  return i16x8.shl(v128.and(bytes, i8x16.splat(31)), 3)
}

/** The part of bytes shifted by three that overflows. */
@inline
function upperBits(bytes: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, 5), i8x16.splat(7))
}

@inline
function masked(bytes: v128, mask: usize): v128 {
  return v128.and(bytes, v128.load(FILTER_MASKS + mask))
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
