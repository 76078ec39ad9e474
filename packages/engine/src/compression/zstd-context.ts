import { createZstdDecompress } from 'node:zlib'

/** The part of Node's internal handle that is called: one synchronous step, which leaves in `state` the bytes left of output and input. */
interface Handle {
  readonly state: Uint32Array
  writeSync(flush: number, input: Uint8Array, inputAt: number, inputLength: number, ...output: readonly [Uint8Array, number, number]): void
}

/** `ZSTD_e_continue`: give out what there is, expect no end. */
const CONTINUE = 0

/**
 * The zstd context of this thread. `zstdDecompressSync` makes and drops a context and a stream around it for each call, which takes 45 µs
 * where the frame of a small file takes 7. Node offers no context that can be kept, so this is the one place that calls the handle beneath
 * its stream. Its word counts only for plain success: for anything else the caller asks `zstdDecompressSync`, also in a runtime that has
 * no such handle.
 */
let context: Handle | undefined

/**
 * Decompresses a frame into the front of `target`, which must be longer than the content. True if the content has exactly `expectedBytes`.
 */
export function decompressFrame(frame: Uint8Array, target: Uint8Array, expectedBytes: number): boolean {
  context ??= openContext()
  if (context === undefined) return false
  const { state } = context
  state.fill(0)
  context.writeSync(CONTINUE, frame, 0, frame.length, target, 0, target.length)
  const [outputLeft = 0, inputLeft = 0] = state
  // After an error the state is as it was before.
  if (outputLeft > 0 && inputLeft === 0 && target.length - outputLeft === expectedBytes) return true
  // What was not a whole frame would spill into the next one.
  context = undefined
  return false
}

function openContext(): Handle | undefined {
  const stream: object = createZstdDecompress().on('error', () => undefined)
  const { _handle: handle, _writeState: state } = stream as { readonly _handle?: unknown; readonly _writeState?: unknown }
  if (!(state instanceof Uint32Array) || !isStep(handle)) return undefined
  return { state, writeSync: handle.writeSync.bind(handle) }
}

function isStep(handle: unknown): handle is Pick<Handle, 'writeSync'> {
  return typeof handle === 'object' && handle !== null && 'writeSync' in handle && typeof handle.writeSync === 'function'
}
