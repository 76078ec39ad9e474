import { readFileSync } from 'node:fs'

/** What `kernel/entry-kernel.ts` exports. Addresses are byte offsets in the memory. */
export interface EntryKernel {
  /** Reads the nodes of the text in [from, to), as many as there is room for, and gives where it stopped. */
  read(from: number, to: number): number
  readonly count: WebAssemblyGlobal
  readonly folders: WebAssemblyGlobal
  readonly nameBytes: WebAssemblyGlobal
  readonly isOutOfOrder: WebAssemblyGlobal
  readonly TEXT: WebAssemblyGlobal
  readonly TEXT_BYTES: WebAssemblyGlobal
  readonly NAMES: WebAssemblyGlobal
  readonly NAME_ENDS: WebAssemblyGlobal
  readonly SIZES: WebAssemblyGlobal
  readonly TIMES: WebAssemblyGlobal
  readonly STARTS: WebAssemblyGlobal
  readonly TYPES: WebAssemblyGlobal
  readonly SUBTREES: WebAssemblyGlobal
}

/** Of 65,536 bytes; as many as its columns for so many entries take. */
const MEMORY_PAGES = 21

let compiled: WebAssemblyModule | undefined

/** A kernel with a memory of its own. The module is compiled once in each thread. */
export function instantiateEntryKernel(): { readonly kernel: EntryKernel; readonly memory: ArrayBuffer } {
  compiled ??= compileKernel()
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES })
  const kernel = new WebAssembly.Instance(compiled, { env: { memory } }).exports as EntryKernel
  return { kernel, memory: memory.buffer }
}

function compileKernel(): WebAssemblyModule {
  const file = new URL('./entry-kernel.wasm', import.meta.url)
  try {
    return new WebAssembly.Module(readFileSync(file))
  } catch (cause) {
    throw new Error(`Cannot load the reader of entries: ${file.pathname} is missing or does not fit; run "npm run prepare"`, { cause })
  }
}
