import { type ProcessLibrary, processLibrary } from '../host/process-library.ts'

/**
 * The zstd in Node.js, called with contexts that are kept and on memory of the caller. Node's own functions make and drop a context for
 * each call, which takes 40 µs where the frame of a small file takes 5 to 10, and put their results together from chunks.
 */
export interface ZstdLibrary {
  /** Compresses `input` into one frame at the front of `output`. Returns its length, -1 where it has no room or zstd fails. */
  compress(input: Uint8Array, output: Uint8Array, level: number): number
  /** Decompresses frames into the front of `output`. Returns the length of the content, -1 where it has no room or a frame is broken. */
  decompress(input: Uint8Array, output: Uint8Array): number
}

/** `ZSTD_c_compressionLevel` in the library's stable interface. */
const COMPRESSION_LEVEL = 100

let loaded: { readonly library: ZstdLibrary | undefined } | undefined

/** The zstd of this process, bound at the first call of each thread. Undefined where it is not within reach. */
export function zstdLibrary(): ZstdLibrary | undefined {
  loaded ??= { library: load() }
  return loaded.library
}

function load(): ZstdLibrary | undefined {
  const library = processLibrary()
  if (library === undefined) return undefined
  try {
    const bound = bind(library)
    return passesSelfTest(bound) ? bound : undefined
  } catch {
    return undefined
  }
}

/** The functions return a `size_t`, which is an error where it is negative as a signed number. */
function bind(library: ProcessLibrary): ZstdLibrary {
  const setParameter = library.bind('int64_t ZSTD_CCtx_setParameter(void *context, int parameter, int value)')
  const compress = library.bind('int64_t ZSTD_compress2(void *context, void *output, size_t room, const void *input, size_t length)')
  const decompress = library.bind('int64_t ZSTD_decompressDCtx(void *context, void *output, size_t room, const void *input, size_t length)')
  const compressor: unknown = library.bind('void *ZSTD_createCCtx()')()
  const decompressor: unknown = library.bind('void *ZSTD_createDCtx()')()
  return {
    compress: (input, output, level) => {
      if (Number(setParameter(compressor, COMPRESSION_LEVEL, level)) < 0) return -1
      return Math.max(-1, Number(compress(compressor, output, output.length, input, input.length)))
    },
    decompress: (input, output) => Math.max(-1, Number(decompress(decompressor, output, output.length, input, input.length))),
  }
}

function passesSelfTest(candidate: ZstdLibrary): boolean {
  const content = Buffer.from('content content content content content')
  const frame = Buffer.alloc(128)
  const target = Buffer.alloc(128)
  const frameBytes = candidate.compress(content, frame, 3)
  const isFrame = frameBytes > 0 && frame.readUInt32LE() === 0xfd2f_b528
  return isFrame && candidate.decompress(frame.subarray(0, frameBytes), target) === content.length && target.indexOf(content) === 0
}
