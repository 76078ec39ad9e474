import { EngineError } from '../errors.ts'
import { instantiateKernel, KERNEL_BYTES, type Kernel } from './kernel.ts'
import { assertLimits, type ChunkerLimits, RESTIC_LIMITS, WINDOW_BYTES } from './limits.ts'
import type { Polynomial } from './polynomial.ts'

const PAGE_BYTES = 65536
/** WebAssembly addresses 32 bits. */
const CAPACITY_BYTES_MAX = 2 ** 32 - 2 * PAGE_BYTES

/**
 * Finds restic's cut points in the bytes of its buffer. Holds nothing from one call to the next but the buffer; every thread makes its
 * own. Making one takes about a millisecond and `capacityBytes` of memory, which the system gives page by page as the buffer is used.
 */
export class CutFinder {
  /** Where the caller puts the bytes to cut: `capacityBytes` long, aligned to pages, never moved. */
  readonly buffer: Uint8Array
  readonly limits: ChunkerLimits
  readonly #kernel: Kernel

  /** Throws `input.invalid` when the limits or the capacity are impossible. */
  constructor(polynomial: Polynomial, options: { readonly capacityBytes: number; readonly limits?: ChunkerLimits }) {
    const { capacityBytes, limits = RESTIC_LIMITS } = options
    assertLimits(limits)
    const memory = allocate(capacityBytes)
    this.limits = limits
    this.buffer = new Uint8Array(memory.buffer, KERNEL_BYTES, capacityBytes)
    this.#kernel = instantiateKernel(memory, { polynomial, splitMask: (1n << BigInt(limits.averageBits)) - 1n })
  }

  /**
   * Where the chunk that starts at offset `start` of the buffer ends, looking at no byte from `end` on. -1 when that is not decided
   * yet: no cut up to `end`, and less than the maximum up to there. At the end of the content the chunk then ends at `end`.
   * With more bytes at hand the search goes on after `searchedTo`, the `end` of the call that decided nothing.
   */
  nextCut(start: number, end: number, options: { readonly searchedTo?: number } = {}): number {
    this.#assertRange(start, end)
    const { minSizeBytes, maxSizeBytes } = this.limits
    const first = Math.max(start + minSizeBytes, (options.searchedTo ?? start) + 1)
    const last = Math.min(start + maxSizeBytes, end)
    const found = this.#firstCandidate(first, last)
    if (found !== -1) return found
    return end - start >= maxSizeBytes ? start + maxSizeBytes : -1
  }

  /**
   * Every offset p in [start + 64, end] at which the 64 bytes before p allow a cut, ascending, as runs: `into` receives the first and
   * the last offset of each run of neighbours, so that zeros, where every offset is one, need no more room than a single offset.
   * Returns how many numbers were written (two per run); {@link resolveCut} takes them as they are, or moved by an addend.
   * Throws `input.invalid` when `into` is too small; random content has one run in 2^averageBits bytes.
   */
  findCandidates(start: number, end: number, into: Uint32Array): number {
    this.#assertRange(start, end)
    let count = 0
    let from = start + WINDOW_BYTES
    for (;;) {
      const first = this.#firstCandidate(from, end)
      if (first === -1) return count
      if (count + 2 > into.length) throw new EngineError('input.invalid', `Cannot list cut candidates: more than ${into.length / 2} runs`)
      const last = this.#kernel.lastOfRun(KERNEL_BYTES + first, KERNEL_BYTES + end) - KERNEL_BYTES
      into[count++] = first
      into[count++] = last
      from = last + 2
    }
  }

  #firstCandidate(first: number, last: number): number {
    if (first > last) return -1
    const found = this.#kernel.firstCandidate(KERNEL_BYTES + first - 1, KERNEL_BYTES + last)
    return found === 0 ? -1 : found - KERNEL_BYTES
  }

  #assertRange(start: number, end: number): void {
    if (Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= this.buffer.length) return
    throw new RangeError(`Cannot cut bytes ${start} to ${end}: the buffer has ${this.buffer.length}`)
  }
}

/**
 * Where the chunk that starts at `start` ends, given the candidate runs (pairs of first and last offset, ascending) of the content up to
 * `end`, in any offsets that fit all three: the first candidate that is a minimum away, or the maximum. -1 when that is not decided
 * before `end`. The candidates must be those of the content from `start` + 64 on at the latest; earlier ones do no harm.
 */
export function resolveCut(
  candidates: ArrayLike<number>,
  start: number,
  options: { readonly end: number; readonly limits?: ChunkerLimits },
): number {
  const { minSizeBytes, maxSizeBytes } = options.limits ?? RESTIC_LIMITS
  const least = start + minSizeBytes
  const most = start + maxSizeBytes
  const first = candidates[firstRunReaching(candidates, least) * 2]
  const cut = first === undefined ? most : Math.min(Math.max(first, least), most)
  return cut <= options.end ? cut : -1
}

/** The index of the first run whose last offset is `least` or more; the number of runs when there is none. */
function firstRunReaching(candidates: ArrayLike<number>, least: number): number {
  let low = 0
  let high = candidates.length >>> 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((candidates[middle * 2 + 1] ?? 0) < least) low = middle + 1
    else high = middle
  }
  return low
}

function allocate(capacityBytes: number): WebAssemblyMemory {
  if (!Number.isInteger(capacityBytes) || capacityBytes < 1 || capacityBytes > CAPACITY_BYTES_MAX) {
    throw new EngineError('input.invalid', `Cannot make a chunker buffer: ${capacityBytes} bytes are not from 1 to ${CAPACITY_BYTES_MAX}`)
  }
  const pages = (KERNEL_BYTES + Math.ceil(capacityBytes / PAGE_BYTES) * PAGE_BYTES) / PAGE_BYTES
  return new WebAssembly.Memory({ initial: pages, maximum: pages })
}
