import { readFileSync } from 'node:fs'
import { degreeOf, type Polynomial, remainder } from './polynomial.ts'

/** What `kernel/kernel.ts` exports. Addresses are byte offsets in the memory. */
export interface Kernel {
  /** The first p in (from, to] whose last 64 bytes are a candidate, 0 if there is none. At least 64 bytes of memory precede `from`. */
  firstCandidate(from: number, to: number): number
  /** The last p in [from, to] such that every position from `from`, which is a candidate, to p is one. */
  lastOfRun(from: number, to: number): number
}

interface KernelExports extends Kernel {
  configure(degree: number, splitMask: bigint): void
  readonly MOD_TABLE: WebAssemblyGlobal
  readonly OUT_TABLE: WebAssemblyGlobal
  readonly NIBBLE_TABLES: WebAssemblyGlobal
  readonly FILTER_MASKS: WebAssemblyGlobal
}

/** Bytes at the memory's start that belong to the kernel; the rest is the caller's. */
export const KERNEL_BYTES = 65536

const WINDOW_BITS = 512
/** A digest of degree 53, shifted so far that it fills seven bytes. */
const SCALED_DEGREE = 56
const SCALED_BYTES = 7

let compiled: WebAssemblyModule | undefined

/** A kernel at work in `memory`, with its tables written there. The module is compiled once in each thread. */
export function instantiateKernel(
  memory: WebAssemblyMemory,
  options: { readonly polynomial: Polynomial; readonly splitMask: bigint },
): Kernel {
  compiled ??= compileKernel()
  const kernel = new WebAssembly.Instance(compiled, { env: { memory } }).exports as KernelExports
  const shares = sharesOfBits(options.polynomial)
  writeByteTables(kernel, { memory, shares, degree: degreeOf(options.polynomial) })
  writeVectorTables(kernel, { memory, shares, ...options })
  kernel.configure(degreeOf(options.polynomial), options.splitMask)
  return kernel
}

function compileKernel(): WebAssemblyModule {
  const file = new URL('./kernel.wasm', import.meta.url)
  try {
    return new WebAssembly.Module(readFileSync(file))
  } catch (cause) {
    throw new Error(`Cannot load the chunker's kernel: ${file.pathname} is missing or does not fit; run "npm run prepare"`, { cause })
  }
}

/** The eight bits of a byte, multiplied and reduced: by x^degree (about to overflow), and by x^512 (about to leave the window). */
interface Shares {
  readonly overflowing: readonly bigint[]
  readonly leaving: readonly bigint[]
}

function sharesOfBits(polynomial: Polynomial): Shares {
  const bits = Array.from({ length: 8 }, (_, bit) => BigInt(bit))
  const degree = BigInt(degreeOf(polynomial))
  return {
    overflowing: bits.map((bit) => remainder(1n << (degree + bit), polynomial)),
    leaving: bits.map((bit) => remainder(1n << (BigInt(WINDOW_BITS) + bit), polynomial)),
  }
}

/** Both maps are linear: the share of a byte is the sum of its bits' shares. */
function shareOf(byte: number, shares: readonly bigint[]): bigint {
  return shares.reduce((sum, share, bit) => (byte & (1 << bit) ? sum ^ share : sum), 0n)
}

function writeByteTables(
  kernel: KernelExports,
  options: { readonly memory: WebAssemblyMemory; readonly shares: Shares; readonly degree: number },
): void {
  const modTable = new BigUint64Array(options.memory.buffer, kernel.MOD_TABLE.value, 256)
  const outTable = new BigUint64Array(options.memory.buffer, kernel.OUT_TABLE.value, 256)
  for (let byte = 0; byte < 256; byte++) {
    // The kernel shifts the overflowing byte one place further up, out of the digest: the entry's upper part cancels it there.
    modTable[byte] = shareOf(byte, options.shares.overflowing) | (BigInt(byte) << BigInt(options.degree))
    outTable[byte] = shareOf(byte, options.shares.leaving)
  }
}

/** The tables of sixteen entries that the lanes look up: one per byte of the scaled digest, kind of share and nibble. */
function writeVectorTables(
  kernel: KernelExports,
  options: { readonly memory: WebAssemblyMemory; readonly shares: Shares; readonly polynomial: Polynomial; readonly splitMask: bigint },
): void {
  const scale = BigInt(SCALED_DEGREE - degreeOf(options.polynomial))
  const tables = new Uint8Array(options.memory.buffer, kernel.NIBBLE_TABLES.value, SCALED_BYTES * 4 * 16)
  const { overflowing, leaving } = options.shares
  for (const [kind, shares] of [overflowing, overflowing.slice(4), leaving, leaving.slice(4)].entries()) {
    for (let nibble = 0; nibble < 16; nibble++) {
      const share = shareOf(nibble, shares) << scale
      for (let place = 0; place < SCALED_BYTES; place++) tables[(place * 4 + kind) * 16 + nibble] = byteOf(share, place)
    }
  }
  const masks = new Uint8Array(options.memory.buffer, kernel.FILTER_MASKS.value, 3 * 16)
  for (let place = 0; place < 3; place++) masks.fill(byteOf(options.splitMask << scale, place), place * 16, place * 16 + 16)
}

function byteOf(value: bigint, place: number): number {
  return Number((value >> BigInt(8 * place)) & 0xffn)
}
