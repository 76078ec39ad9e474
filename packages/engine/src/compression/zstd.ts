import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { EngineError } from '../errors.ts'
import { type ZstdEffort, zstdLibrary } from './zstd-library.ts'

/** How hard blobs are compressed; restic's names. */
export type CompressionMode = 'off' | 'fastest' | 'auto' | 'better' | 'max'

/**
 * What each mode asks of zstd. For `auto` the tables are made to stay in a core's own cache: on binaries that is a quarter faster than
 * level 3 and 2.7 % larger, which is as small as restic's `auto`.
 */
export const EFFORTS = {
  fastest: { level: 1, hashLog: 0, minMatch: 0 },
  auto: { level: 2, hashLog: 16, minMatch: 5 },
  better: { level: 7, hashLog: 0, minMatch: 0 },
  max: { level: 19, hashLog: 0, minMatch: 0 },
} as const satisfies Record<Exclude<CompressionMode, 'off'>, ZstdEffort>

/** zstd's own bound on growth is 1/256 plus 64 bytes for small input; this is a little more. */
const GROWTH_BYTES = 1024

/** Blobs from this size on are sampled before they are compressed; below it the sample costs as much as the compression. */
const SAMPLED_FROM_BYTES = 128 * 1024
const SAMPLE_COUNT = 8
const SAMPLE_BYTES = 4096
/** A blob whose samples do not shrink by at least this part is stored as it is. */
const WORTHWHILE_SAVING = 0.01

const FRAME_MAGIC = 0xfd2f_b528
const HEADER_BYTES_MAX = 18

/** Contents up to this size, so all blobs that a cutter makes, go through buffers of this thread. */
const QUICK_BYTES_MAX = 8 * 1024 * 1024

const contentBuffer = { memory: Buffer.allocUnsafeSlow(64 * 1024) }
const frameBuffer = { memory: Buffer.allocUnsafeSlow(64 * 1024) }
const sampleBuffer = Buffer.alloc(SAMPLE_COUNT * SAMPLE_BYTES)

/**
 * `plaintext` as one zstd frame, or undefined when it should be stored as it is: compression is off, or would not make it smaller.
 * Incompressible data is recognised from samples, at some three percent of the cost of compressing it; mode `max` never trusts samples.
 */
export function compress(plaintext: Uint8Array, mode: CompressionMode): Buffer | undefined {
  const frame = compressToLookAt(plaintext, mode)
  return frame && Buffer.copyBytesFrom(frame)
}

/**
 * As {@link compress}, but what it returns may lie in memory that the next call in this thread overwrites: for those who copy or seal it at
 * once.
 */
export function compressToLookAt(plaintext: Uint8Array, mode: CompressionMode): Uint8Array | undefined {
  if (mode === 'off' || plaintext.length === 0) return undefined
  if (mode !== 'max' && plaintext.length >= SAMPLED_FROM_BYTES && looksIncompressible(plaintext)) return undefined
  const frame = compressQuickly(plaintext, mode) ?? compressSlowly(plaintext, mode)
  return frame.length < plaintext.length ? frame : undefined
}

/** `plaintext` as one zstd frame, whatever its size turns out to be. */
export function compressAlways(plaintext: Uint8Array, mode: Exclude<CompressionMode, 'off'> = 'auto'): Buffer {
  const quick = compressQuickly(plaintext, mode)
  return quick === undefined ? compressSlowly(plaintext, mode) : Buffer.copyBytesFrom(quick)
}

/**
 * The content of zstd frames.
 * @param options.maxBytes what the content may have at most; more is an error, found before it is held in memory.
 * @throws {EngineError} `data.malformed` when the frame is broken or too large.
 */
export function decompress(frame: Uint8Array, options: { readonly maxBytes: number }): Buffer {
  const quick = decompressQuickly(frame, options.maxBytes)
  return quick === undefined ? decompressSlowly(frame, options.maxBytes) : Buffer.copyBytesFrom(quick)
}

/**
 * As {@link decompress}, but what it returns may lie in memory that the next call in this thread overwrites: for those who only look at it.
 */
export function decompressToLookAt(frame: Uint8Array, options: { readonly maxBytes: number }): Uint8Array {
  return decompressQuickly(frame, options.maxBytes) ?? decompressSlowly(frame, options.maxBytes)
}

function compressQuickly(plaintext: Uint8Array, mode: Exclude<CompressionMode, 'off'>): Uint8Array | undefined {
  const library = zstdLibrary()
  if (library === undefined || plaintext.length > QUICK_BYTES_MAX) return undefined
  const target = atLeast(frameBuffer, largestFrame(plaintext.length))
  const length = library.compress(plaintext, target, EFFORTS[mode])
  return length < 0 ? undefined : target.subarray(0, length)
}

function compressSlowly(plaintext: Uint8Array, mode: Exclude<CompressionMode, 'off'>): Buffer {
  const { level, hashLog, minMatch } = EFFORTS[mode]
  return zstdCompressSync(plaintext, {
    // An output chunk that holds the whole result saves a third of the time; the pledged size makes zstd choose tables that fit.
    chunkSize: largestFrame(plaintext.length),
    pledgedSrcSize: plaintext.length,
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_hashLog]: hashLog,
      [constants.ZSTD_c_minMatch]: minMatch,
    },
  })
}

function largestFrame(contentBytes: number): number {
  return contentBytes + (contentBytes >> 7) + GROWTH_BYTES
}

function decompressQuickly(frame: Uint8Array, maxBytes: number): Uint8Array | undefined {
  const library = zstdLibrary()
  if (library === undefined || maxBytes > QUICK_BYTES_MAX) return undefined
  const target = atLeast(contentBuffer, maxBytes).subarray(0, maxBytes)
  const length = frame.length === 0 ? -1 : library.decompress(frame, target)
  return length < 0 ? undefined : target.subarray(0, length)
}

/** The buffer, made larger if need be. */
function atLeast(buffer: { memory: Buffer }, lengthBytes: number): Buffer {
  if (buffer.memory.length < lengthBytes) {
    const limit = largestFrame(QUICK_BYTES_MAX)
    buffer.memory = Buffer.allocUnsafeSlow(Math.max(lengthBytes, Math.min(buffer.memory.length * 2, limit)))
  }
  return buffer.memory
}

function decompressSlowly(frame: Uint8Array, maxBytes: number): Buffer {
  try {
    // What the frame says of its content saves putting it together from chunks. If it lies: memory that is not written to is not taken.
    const chunkSize = Math.max(64, Math.min(maxBytes, contentBytesOf(frame) ?? 64 * 1024 + frame.length * 8) + 1)
    return zstdDecompressSync(frame, { maxOutputLength: Math.max(1, maxBytes), chunkSize })
  } catch (error) {
    throw new EngineError('data.malformed', `Cannot decompress ${frame.length} bytes: broken, or larger than ${maxBytes} bytes`, {
      cause: error,
    })
  }
}

/** What a frame says that it holds; undefined where it says nothing. By RFC 8878, 3.1.1.1. */
function contentBytesOf(frame: Uint8Array): number | undefined {
  const header = Buffer.from(frame.buffer, frame.byteOffset, Math.min(frame.length, HEADER_BYTES_MAX))
  if (header.length < HEADER_BYTES_MAX || header.readUInt32LE() !== FRAME_MAGIC) return undefined
  const descriptor = header.readUInt8(4)
  const isOneSegment = (descriptor & 0x20) !== 0
  const position = 5 + (isOneSegment ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] ?? 0)
  switch (descriptor >> 6) {
    case 0:
      return isOneSegment ? header.readUInt8(position) : undefined
    case 1:
      return header.readUInt16LE(position) + 256
    case 2:
      return header.readUInt32LE(position)
    default:
      return Number(header.readBigUInt64LE(position))
  }
}

function looksIncompressible(plaintext: Uint8Array): boolean {
  const stride = Math.floor((plaintext.length - SAMPLE_BYTES) / (SAMPLE_COUNT - 1))
  for (let sample = 0; sample < SAMPLE_COUNT; sample++) {
    sampleBuffer.set(plaintext.subarray(sample * stride, sample * stride + SAMPLE_BYTES), sample * SAMPLE_BYTES)
  }
  return compressAlways(sampleBuffer, 'fastest').length > sampleBuffer.length * (1 - WORTHWHILE_SAVING)
}
