import { boundOnce, type ProcessLibrary } from '../host/process-library.ts'

/**
 * The zstd in Node.js, called with contexts that are kept and on memory of the caller. Node's own functions make and drop a context for
 * each call, which takes 40 µs where the frame of a small file takes 5 to 10, and put their results together from chunks.
 */
export interface ZstdLibrary {
  /** Compresses `input` into one frame at the front of `output`. Returns its length, -1 where it has no room or zstd fails. */
  compress(input: Uint8Array, output: Uint8Array, effort: ZstdEffort): number
  /** Decompresses frames into the front of `output`. Returns the length of the content, -1 where it has no room or a frame is broken. */
  decompress(input: Uint8Array, output: Uint8Array): number
}

/** How hard zstd tries: a level, and what is to differ from the level's own choice (0 leaves it). */
export interface ZstdEffort {
  readonly level: number
  /** Binary logarithm of the size of the table of matches. */
  readonly hashLog: number
  /** Bytes that a match has at least. */
  readonly minMatch: number
}

/** `ZSTD_c_compressionLevel`, `ZSTD_c_hashLog` and `ZSTD_c_minMatch` in the library's stable interface. */
const COMPRESSION_LEVEL = 100
const HASH_LOG = 102
const MIN_MATCH = 105

/** The zstd of this process, bound at the first call of each thread. Undefined where it is not within reach. */
export const zstdLibrary: () => ZstdLibrary | undefined = boundOnce(bind, passesSelfTest)

/** The functions return a `size_t`, which is an error where it is negative as a signed number. */
function bind(library: ProcessLibrary): ZstdLibrary {
  const setParameter = library.bind('int64_t ZSTD_CCtx_setParameter(void *context, int parameter, int value)')
  const compress = library.bind('int64_t ZSTD_compress2(void *context, void *output, size_t room, const void *input, size_t length)')
  const decompress = library.bind('int64_t ZSTD_decompressDCtx(void *context, void *output, size_t room, const void *input, size_t length)')
  const compressor: unknown = library.bind('void *ZSTD_createCCtx()')()
  const decompressor: unknown = library.bind('void *ZSTD_createDCtx()')()
  let current: ZstdEffort | undefined
  return {
    compress: (input, output, effort) => {
      if (effort !== current) {
        const { level, hashLog, minMatch } = effort
        const results = [setParameter(compressor, COMPRESSION_LEVEL, level), setParameter(compressor, HASH_LOG, hashLog)]
        if ([...results, setParameter(compressor, MIN_MATCH, minMatch)].some((result) => Number(result) < 0)) return -1
        current = effort
      }
      return Math.max(-1, Number(compress(compressor, output, output.length, input, input.length)))
    },
    decompress: (input, output) => Math.max(-1, Number(decompress(decompressor, output, output.length, input, input.length))),
  }
}

function passesSelfTest(candidate: ZstdLibrary): boolean {
  const content = Buffer.from('content content content content content')
  const frame = Buffer.alloc(128)
  const target = Buffer.alloc(128)
  const frameBytes = candidate.compress(content, frame, { level: 3, hashLog: 0, minMatch: 0 })
  const isFrame = frameBytes > 0 && frame.readUInt32LE() === 0xfd2f_b528
  return isFrame && candidate.decompress(frame.subarray(0, frameBytes), target) === content.length && target.indexOf(content) === 0
}
