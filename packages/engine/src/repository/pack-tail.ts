import { SEAL_OVERHEAD_BYTES, type Sealer } from '../crypto/sealer.ts'
import { EngineError } from '../errors.ts'
import type { PackId } from '../format/ids.ts'
import type { IndexedPack } from '../format/index-file.ts'
import { decodePackHeader, HEADER_LENGTH_SIZE, HEADER_SIZE_MAX } from '../format/pack-header.ts'
import type { CallOptions, Storage } from '../storage/storage.ts'
import { placed } from './index-recorder.ts'

/** Bytes read from the end of a pack at first: enough for the header of some 1,600 blobs, which few packs exceed. */
const TAIL_BYTES = 64 * 1024

/**
 * What a pack says itself that it holds, from the header at its end.
 *
 * @throws EngineError `data.damaged` or `data.malformed` where the header cannot be read, `storage.*`
 */
export async function readPackHeader(
  storage: Storage,
  pack: { readonly id: PackId; readonly sizeBytes: number },
  options: CallOptions & { readonly sealer: Sealer },
): Promise<IndexedPack['blobs']> {
  const { sealer, ...callOptions } = options
  const file = { kind: 'data', name: pack.id } as const
  function readEnd(length: number): Promise<Uint8Array> {
    return storage.read(file, { offset: pack.sizeBytes - length, length }, callOptions)
  }
  let tail = await readEnd(Math.min(pack.sizeBytes, TAIL_BYTES))
  const needed = headerLengthIn(tail, pack.sizeBytes) + HEADER_LENGTH_SIZE
  if (needed > tail.length) tail = await readEnd(needed)
  return openPackTail(tail, sealer)
}

/**
 * The blobs that the header at the end of `tail` lists; `tail` is the whole pack, or as much of its end as holds the header. Whether the
 * pack is as long as they are is for the caller to see.
 *
 * @throws EngineError `data.damaged` or `data.malformed`
 */
export function openPackTail(tail: Uint8Array, sealer: Sealer): IndexedPack['blobs'] {
  return placed(decodePackHeader(openRawHeader(tail, sealer)))
}

/** The plaintext of the header at the end of `tail`, not decoded. Throws `data.damaged`. */
export function openRawHeader(tail: Uint8Array, sealer: Sealer): Buffer {
  const end = tail.length - HEADER_LENGTH_SIZE
  const start = end - headerLengthIn(tail, tail.length)
  return sealer.open(tail.subarray(start, end))
}

function headerLengthIn(tail: Uint8Array, sizeBytes: number): number {
  if (tail.length < HEADER_LENGTH_SIZE) throw new EngineError('data.damaged', `Cannot read pack header: ${sizeBytes} bytes hold none`)
  const length = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength).readUInt32LE(tail.length - HEADER_LENGTH_SIZE)
  if (length < SEAL_OVERHEAD_BYTES || length > HEADER_SIZE_MAX - HEADER_LENGTH_SIZE || length > sizeBytes - HEADER_LENGTH_SIZE) {
    throw new EngineError('data.damaged', `Cannot read pack header: a length of ${length} does not fit a file of ${sizeBytes} bytes`)
  }
  return length
}
