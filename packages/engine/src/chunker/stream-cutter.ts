import { EngineError } from '../errors.ts'
import { CutFinder } from './cut-finder.ts'
import { type ChunkerLimits, RESTIC_LIMITS } from './limits.ts'
import type { Polynomial } from './polynomial.ts'

/** Bytes that come in pieces are searched when so many are new, since each search has to be prepared, and written where so many fit. */
const PIECE_BYTES = 128 * 1024

export interface StreamCutterOptions {
  readonly limits?: ChunkerLimits
  /** Room for the chunk in the making and for bytes to come; by default and at least two chunks of the maximal size. */
  readonly capacityBytes?: number
}

/**
 * Cuts a content that arrives in pieces. Each byte is copied once, by {@link push}, or never, when the caller reads into {@link space}
 * itself; beyond that only the beginning of an undecided chunk moves, once per filled buffer. Chunks are views of the cutter's memory
 * and hold until the next call or the next step of the iteration.
 */
export class StreamCutter {
  readonly #finder: CutFinder
  /** Where the chunk in the making begins, how far it was searched, and where the bytes received so far end. */
  #start = 0
  #searchedTo = 0
  #end = 0

  /** Throws `input.invalid` when the limits or the capacity are impossible. */
  constructor(polynomial: Polynomial, options: StreamCutterOptions = {}) {
    const limits = options.limits ?? RESTIC_LIMITS
    const least = 2 * limits.maxSizeBytes
    const capacityBytes = options.capacityBytes ?? least
    if (capacityBytes < least) {
      throw new EngineError('input.invalid', `Cannot cut a stream: ${capacityBytes} bytes do not hold two chunks of ${limits.maxSizeBytes}`)
    }
    this.#finder = new CutFinder(polynomial, { capacityBytes, limits })
  }

  /**
   * Memory to write the content's next bytes to: 128 KiB at least, or a maximal chunk if that is less. Ends the validity of all chunks;
   * those of the last call must have been taken. Say with {@link wrote} how much of it was used.
   */
  space(): Uint8Array {
    const { buffer, limits } = this.#finder
    if (buffer.length - this.#end < Math.min(PIECE_BYTES, limits.maxSizeBytes)) this.#moveToFront()
    return buffer.subarray(this.#end)
  }

  /** Takes `lengthBytes` written at the beginning of {@link space}, and gives the chunks that they complete. */
  wrote(lengthBytes: number): Generator<Uint8Array, void, void> {
    const roomBytes = this.#finder.buffer.length - this.#end
    if (lengthBytes < 0 || lengthBytes > roomBytes) throw new RangeError(`Cannot take ${lengthBytes} bytes: there is room for ${roomBytes}`)
    this.#end += lengthBytes
    return this.#completeChunks()
  }

  /** Copies the next bytes of the content, of any length, and gives the chunks that they complete. */
  *push(bytes: Uint8Array): Generator<Uint8Array, void, void> {
    for (let at = 0; at < bytes.length; ) {
      const space = this.space()
      const piece = bytes.subarray(at, at + space.length)
      space.set(piece)
      at += piece.length
      yield* this.wrote(piece.length)
    }
  }

  /** Gives the chunks that remain when the content is over; the cutter is ready for another content then. */
  *finish(): Generator<Uint8Array, void, void> {
    while (this.#start < this.#end) {
      const cut = this.#finder.nextCut(this.#start, this.#end, { searchedTo: this.#searchedTo })
      yield this.#chunkTo(cut === -1 ? this.#end : cut)
    }
    this.#start = 0
    this.#searchedTo = 0
    this.#end = 0
  }

  *#completeChunks(): Generator<Uint8Array, void, void> {
    const due = this.#end - this.#searchedTo >= PIECE_BYTES || this.#end - this.#start >= this.#finder.limits.maxSizeBytes
    if (!due) return
    for (;;) {
      const cut = this.#finder.nextCut(this.#start, this.#end, { searchedTo: this.#searchedTo })
      if (cut === -1) break
      yield this.#chunkTo(cut)
    }
    this.#searchedTo = this.#end
  }

  #chunkTo(cut: number): Uint8Array {
    const chunk = this.#finder.buffer.subarray(this.#start, cut)
    this.#start = cut
    this.#searchedTo = cut
    return chunk
  }

  #moveToFront(): void {
    this.#finder.buffer.copyWithin(0, this.#start, this.#end)
    this.#end -= this.#start
    this.#searchedTo -= this.#start
    this.#start = 0
  }
}

/**
 * The chunks of a content, each valid until the next is asked for. Whatever the source throws passes through; leaving the iteration
 * early ends the source.
 */
export async function* cutStream(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  cutter: StreamCutter,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const bytes of source) yield* cutter.push(bytes)
  yield* cutter.finish()
}
