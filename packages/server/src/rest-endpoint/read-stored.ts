import { type FileRef, isEngineError, type Storage } from '@holdfast/engine'
import type { ByteBudget } from '../http/byte-budget.ts'
import { type RestAnswer, refusal } from './rest-answer.ts'
import type { RangeWanted } from './rest-request.ts'

/** What is read at once, so that files of any size need little memory. */
const PIECE_BYTES = 1024 * 1024
/** A piece waits to be sent while the next one is read. */
const PIECES_HELD = 2
/** Ranges of this size are read without asking for the size of the file first, and need no room in the budget. */
const SMALL_BYTES = 256 * 1024

interface ReadPlace {
  readonly storage: Storage
  /** Whose share of the memory is used. */
  readonly owner: string
  readonly memory: ByteBudget
  readonly signal: AbortSignal | undefined
}

/** Bytes `[offset, offset + length)`. */
interface Span {
  readonly offset: number
  readonly length: number
}

/** Answers with a file or a range of it. */
export async function readStored(
  { file, range }: { readonly file: FileRef; readonly range: RangeWanted | undefined },
  place: ReadPlace,
): Promise<RestAnswer> {
  const { storage, signal } = place
  const small = smallSpan(range)
  const bytes = small === undefined ? undefined : await readWithin(file, small, place)
  if (small !== undefined && bytes !== undefined) return partial(small, { sizeText: '*', body: bytes })
  const { sizeBytes } = await storage.stat(file, { signal })
  if (range === undefined) {
    const body = pieces(file, { span: { offset: 0, length: sizeBytes }, place })
    return { status: 200, headers: headersOf(sizeBytes), body }
  }
  const span = spanOf(range, sizeBytes)
  if (span === undefined)
    return refusal(416, `Cannot read this: the file has ${sizeBytes} bytes`, { 'content-range': `bytes */${sizeBytes}` })
  return partial(span, { sizeText: String(sizeBytes), body: pieces(file, { span, place }) })
}

/** Whether a file holds exactly these bytes. Reads it in pieces, and no further than the first difference. */
export async function hasContent(storage: Storage, file: FileRef, content: Uint8Array): Promise<boolean> {
  for (let offset = 0; offset < content.length; offset += PIECE_BYTES) {
    const expected = content.subarray(offset, offset + PIECE_BYTES)
    if (Buffer.compare(await storage.read(file, { offset, length: expected.length }), expected) !== 0) return false
  }
  return true
}

async function* pieces(file: FileRef, { span, place }: { readonly span: Span; readonly place: ReadPlace }): AsyncGenerator<Uint8Array> {
  const { storage, memory, owner, signal } = place
  using _room =
    span.length > SMALL_BYTES ? await memory.take(owner, Math.min(span.length, PIECE_BYTES * PIECES_HELD), { signal }) : undefined
  const end = span.offset + span.length
  for (let offset = span.offset; offset < end; offset += PIECE_BYTES) {
    yield await storage.read(file, { offset, length: Math.min(PIECE_BYTES, end - offset) }, { signal })
  }
}

/** The bytes, or undefined when the file ends before. */
async function readWithin(file: FileRef, span: Span, { storage, signal }: ReadPlace): Promise<Uint8Array | undefined> {
  try {
    return await storage.read(file, span, { signal })
  } catch (error) {
    if (isEngineError(error, 'storage.range')) return undefined
    throw error
  }
}

function smallSpan(range: RangeWanted | undefined): Span | undefined {
  if (range === undefined || !('first' in range) || range.last === undefined) return undefined
  const length = range.last - range.first + 1
  return length > SMALL_BYTES ? undefined : { offset: range.first, length }
}

/** What a range means for a file of this size; undefined when it begins behind its end. */
function spanOf(range: RangeWanted, sizeBytes: number): Span | undefined {
  const offset = 'suffix' in range ? Math.max(0, sizeBytes - range.suffix) : range.first
  const last = 'suffix' in range ? sizeBytes - 1 : Math.min(range.last ?? sizeBytes - 1, sizeBytes - 1)
  return last < offset ? undefined : { offset, length: last - offset + 1 }
}

function partial(
  { offset, length }: Span,
  { sizeText, body }: { readonly sizeText: string; readonly body: RestAnswer['body'] },
): RestAnswer {
  const headers = { ...headersOf(length), 'content-range': `bytes ${offset}-${offset + length - 1}/${sizeText}` }
  return { status: 206, headers, ...(body === undefined ? {} : { body }) }
}

function headersOf(sizeBytes: number): Record<string, string> {
  return { 'content-type': 'application/octet-stream', 'content-length': String(sizeBytes), 'accept-ranges': 'bytes' }
}
