import { createRequire } from 'node:module'
import { asNativeCalls, nativeCall } from './native-calls.ts'

type Koffi = typeof import('koffi')

/** A function of C: pointers are given as buffers and mean their first byte, `uint64_t` may come as a bigint. */
export type NativeFunction = (...args: Parameters<BoundFunction>) => ReturnType<BoundFunction>

type Library = ReturnType<Koffi['load']>
type BoundFunction = ReturnType<Library['func']>

/** The functions that this process has in it: those of the C library, and of what Node.js itself is linked with. */
export interface ProcessLibrary {
  /** The text that a pointer leads to, `offset` bytes into `memory`. */
  textAt(memory: Uint8Array, offset: number): string
  /** What the last function left in `errno`. */
  errno(): number
  /**
   * Binds a function by its C prototype, such as `int getpid()`.
   *
   * @throws Error where this process has no such function
   */
  bind(prototype: string): NativeFunction
  /** As {@link bind}; undefined where this process has no such function. */
  bindIfAny(prototype: string): NativeFunction | undefined
}

let loaded: { readonly library: ProcessLibrary | undefined } | undefined

/**
 * The functions of this process, by koffi, loaded at the first call of each thread. Undefined where koffi cannot be loaded, and where
 * pointers do not have 64 bits: whoever uses them has another way.
 */
export function processLibrary(): ProcessLibrary | undefined {
  loaded ??= { library: nativeCall(load) }
  return loaded.library
}

/**
 * What is bound of this process at the first call of each thread. Undefined where there is no library, where it has not all that is bound,
 * and where the self-test fails or throws: a library of another make must not go unnoticed.
 */
export function boundOnce<Bound>(
  bindAll: (library: ProcessLibrary) => Bound,
  passesSelfTest: (bound: Bound) => boolean,
): () => Bound | undefined {
  let tried: { readonly bound: Bound | undefined } | undefined
  return () => {
    tried ??= { bound: boundIfSound(bindAll, passesSelfTest) }
    return tried.bound
  }
}

function boundIfSound<Bound>(bindAll: (library: ProcessLibrary) => Bound, passesSelfTest: (bound: Bound) => boolean): Bound | undefined {
  const library = processLibrary()
  if (library === undefined) return undefined
  try {
    const bound = bindAll(library)
    return passesSelfTest(bound) ? bound : undefined
  } catch {
    return undefined
  }
}

function load(): ProcessLibrary | undefined {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi
    if (koffi.sizeof('void *') !== 8) return undefined
    const library = koffi.load(null)
    return {
      textAt: asNativeCalls((memory, offset) => String(koffi.decode(memory, offset, 'char *'))),
      errno: asNativeCalls(() => koffi.errno()),
      bind: (prototype) => bind(library, prototype),
      bindIfAny: (prototype) => bindIfAny(library, prototype),
    }
  } catch {
    return undefined
  }
}

function bind(library: Library, prototype: string): NativeFunction {
  return asNativeCalls(nativeCall(() => library.func(prototype)))
}

function bindIfAny(library: Library, prototype: string): NativeFunction | undefined {
  try {
    return bind(library, prototype)
  } catch {
    return undefined
  }
}
