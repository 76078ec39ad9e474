import { EngineError } from '../../errors.ts'
import { FRAME_HEADER_BYTES, readFrameHead } from '../../repository/blob-frames.ts'

/** Whole frames, in the pieces in which they came. */
export interface FrameBatch {
  readonly pieces: readonly Uint8Array[]
  readonly lengthBytes: number
}

/** A batch has at least so many bytes unless the stream ends, and at most one frame more. */
const BATCH_BYTES = 1024 * 1024

/**
 * Cuts a stream of bytes where frames end, holding no more than one batch. When the stream fails, what came whole is given first.
 * @throws {EngineError} `data.malformed` for a head that no frame has, and where the stream ends within a frame; what the stream throws
 */
export async function* frameBatches(
  source: AsyncIterable<Uint8Array>,
  options: { readonly batchBytes?: number } = {},
): AsyncGenerator<FrameBatch> {
  const cutter = new FrameCutter(options.batchBytes ?? BATCH_BYTES)
  try {
    for await (const piece of source) yield* cutter.push(piece)
  } catch (error) {
    yield* cutter.takeWhole()
    throw error
  }
  yield* cutter.takeWhole()
  if (cutter.hasRest) throw new EngineError('data.malformed', 'Cannot read a frame of a blob: it is cut off')
}

class FrameCutter {
  readonly #batchBytes: number
  readonly #head = Buffer.alloc(FRAME_HEADER_BYTES)
  #headFilled = 0
  #contentLeft = 0
  readonly #pieces: Uint8Array[] = []
  #heldBytes = 0
  /** Bytes of the held pieces up to the end of the last whole frame. */
  #wholeBytes = 0

  constructor(batchBytes: number) {
    this.#batchBytes = batchBytes
  }

  /** Whether something is held that is no whole frame. */
  get hasRest(): boolean {
    return this.#heldBytes > 0
  }

  *push(piece: Uint8Array): Generator<FrameBatch> {
    let rest = piece
    while (rest.length > 0) {
      const taken = this.#advance(rest)
      this.#pieces.push(rest.subarray(0, taken))
      this.#heldBytes += taken
      rest = rest.subarray(taken)
      if (this.#headFilled === FRAME_HEADER_BYTES && this.#contentLeft === 0) {
        this.#headFilled = 0
        this.#wholeBytes = this.#heldBytes
        if (this.#wholeBytes >= this.#batchBytes) yield* this.takeWhole()
      }
    }
  }

  /** Gives the whole frames that are held. */
  *takeWhole(): Generator<FrameBatch> {
    const lengthBytes = this.#wholeBytes
    if (lengthBytes === 0) return
    const pieces: Uint8Array[] = []
    for (let left = lengthBytes; left > 0; ) {
      const piece = this.#pieces.shift() ?? new Uint8Array(0)
      pieces.push(piece.subarray(0, left))
      if (piece.length > left) this.#pieces.unshift(piece.subarray(left))
      left -= Math.min(left, piece.length)
    }
    this.#heldBytes -= lengthBytes
    this.#wholeBytes = 0
    yield { pieces, lengthBytes }
  }

  /** How many of the bytes belong to the part of the frame that is being read. */
  #advance(bytes: Uint8Array): number {
    if (this.#headFilled < FRAME_HEADER_BYTES) {
      const taken = Math.min(bytes.length, FRAME_HEADER_BYTES - this.#headFilled)
      this.#head.set(bytes.subarray(0, taken), this.#headFilled)
      this.#headFilled += taken
      if (this.#headFilled === FRAME_HEADER_BYTES) this.#contentLeft = readFrameHead(this.#head, 0)?.contentLength ?? 0
      return taken
    }
    const taken = Math.min(bytes.length, this.#contentLeft)
    this.#contentLeft -= taken
    return taken
  }
}
