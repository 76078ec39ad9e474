import { constants, endianness } from 'node:os'
import { type NativeFunction, type ProcessLibrary, processLibrary } from './process-library.ts'

/**
 * What the engine calls of the C library because Node.js has no such function. Every buffer is passed as a pointer to its first byte,
 * paths and names end with a zero byte. A function answers -1 on failure, {@link Libc.errno} tells why until the next call.
 */
export interface Libc {
  readonly llistxattr: (path: Uint8Array, list: Uint8Array, listBytes: number) => number
  readonly lgetxattr: (path: Uint8Array, name: Uint8Array, call: { readonly value: Uint8Array; readonly valueBytes: number }) => number
  readonly lsetxattr: (path: Uint8Array, name: Uint8Array, value: Uint8Array) => number
  readonly lremovexattr: (path: Uint8Array, name: Uint8Array) => number
  readonly utimensat: (path: Uint8Array, times: Int32Array, flags: number) => number
  readonly mknod: (path: Uint8Array, mode: number, device: number | bigint) => number
  readonly fallocate: (descriptor: number, offset: number, lengthBytes: number) => number
  /** Undefined where the C library is older than 2018. */
  readonly statx: ((place: { readonly folder: number; readonly path: Uint8Array }, flags: number, target: Uint8Array) => number) | undefined
  readonly getpwuid: LookUp<number>
  readonly getgrgid: LookUp<number>
  readonly getpwnam: LookUp<Uint8Array>
  readonly getgrnam: LookUp<Uint8Array>
  /** All that the user database says of a user by name; undefined when there is no such user. */
  readonly getaccount: (name: Uint8Array) => AccountEntry | undefined
  readonly errno: () => number
}

/** One look-up in the user database, in the re-entrant form (`getpwuid_r`, …); undefined when there is no such entry. */
export type LookUp<Key> = (key: Key) => { readonly name: string; readonly id: number } | undefined

/** A user in the user database. */
export interface AccountEntry {
  readonly userId: number
  readonly groupId: number
  readonly homeFolder: string
}

/** The folder that relative paths start from. */
export const CURRENT_FOLDER = -100
/** Mask of everything that `stat` gives. */
const BASIC_STATS = 0x7ff
/** The most that an entry of the user database may take; groups with thousands of members need much. */
const LARGEST_ENTRY_BYTES = 4 * 1024 * 1024

let loaded: { readonly libc: Libc | undefined } | undefined

/**
 * The C library of this process, loaded at the first call, of each thread. Undefined on systems whose structures this module does not
 * know: all but Linux on little-endian machines of 64 bits.
 */
export function libc(): Libc | undefined {
  loaded ??= { libc: load() }
  return loaded.libc
}

/** The name of an error number, such as `ENOSPC`. */
export function errorCodeName(errorNumber: number): string {
  return Object.entries(constants.errno).find(([, number]) => number === errorNumber)?.[0] ?? `errno ${errorNumber}`
}

/** A failed system call in the form in which Node.js reports those of `node:fs`: `code` is the name of the error. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError'
  readonly code: string
  readonly syscall: string

  constructor(syscall: string, errorNumber: number) {
    const code = errorCodeName(errorNumber)
    super(`${code}: ${syscall}`)
    this.code = code
    this.syscall = syscall
  }
}

function load(): Libc | undefined {
  const library = processLibrary()
  if (library === undefined || process.platform !== 'linux' || endianness() !== 'LE') return undefined
  try {
    return bindAll(library)
  } catch {
    return undefined
  }
}

function bindAll(library: ProcessLibrary): Libc {
  const { bind } = library
  const lgetxattr = bind('int64_t lgetxattr(const void *path, const void *name, void *value, size_t size)')
  const lsetxattr = bind('int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)')
  const getpwnam = bind('int getpwnam_r(const void *name, void *entry, void *buffer, size_t size, void *result)')
  const utimensat = bind('int utimensat(int folder, const void *path, const void *times, int flags)')
  const fallocate = bind('int fallocate(int descriptor, int mode, int64_t offset, int64_t length)')
  const statx = library.bindIfAny('int statx(int folder, const void *path, int flags, unsigned int mask, void *target)')
  return {
    llistxattr: bind('int64_t llistxattr(const void *path, void *list, size_t size)'),
    lgetxattr: (path, name, { value, valueBytes }) => lgetxattr(path, name, value, valueBytes),
    lsetxattr: (path, name, value) => lsetxattr(path, name, value, value.length, 0),
    lremovexattr: bind('int lremovexattr(const void *path, const void *name)'),
    utimensat: (path, times, flags) => utimensat(CURRENT_FOLDER, path, times, flags),
    mknod: bindMknod(library),
    fallocate: (descriptor, offset, lengthBytes) => fallocate(descriptor, 0, offset, lengthBytes),
    statx: statx && (({ folder, path }, flags, target) => statx(folder, path, flags, BASIC_STATS, target)),
    getpwuid: lookUp(library, bind('int getpwuid_r(unsigned int id, void *entry, void *buffer, size_t size, void *result)')),
    getgrgid: lookUp(library, bind('int getgrgid_r(unsigned int id, void *entry, void *buffer, size_t size, void *result)')),
    getpwnam: lookUp(library, getpwnam),
    getaccount: (name) =>
      // Behind the name and the password: user id, group id, full name, home folder.
      readEntry(getpwnam, name, (entry) => ({
        userId: entry.readUInt32LE(16),
        groupId: entry.readUInt32LE(20),
        homeFolder: library.textAt(entry, 32),
      })),
    getgrnam: lookUp(library, bind('int getgrnam_r(const void *name, void *entry, void *buffer, size_t size, void *result)')),
    errno: library.errno,
  }
}

/** Before version 2.33, glibc has `mknod` in its header only, as a call of another function, of version 0 on all machines of 64 bits. */
function bindMknod({ bind, bindIfAny }: ProcessLibrary): Libc['mknod'] {
  const mknod = bindIfAny('int mknod(const void *path, unsigned int mode, uint64_t device)')
  if (mknod !== undefined) return mknod
  const xmknod = bind('int __xmknod(int version, const void *path, unsigned int mode, const void *device)')
  return (path, mode, device) => xmknod(0, path, mode, BigUint64Array.of(BigInt(device)))
}

/** `struct passwd` and `struct group` both begin with two pointers, the first one to the name, and the id. */
function lookUp<Key>({ textAt }: ProcessLibrary, call: NativeFunction): LookUp<Key> {
  return (key) => readEntry(call, key, (entry) => ({ name: textAt(entry, 0), id: entry.readUInt32LE(16) }))
}

function readEntry<Key, Result>(call: NativeFunction, key: Key, read: (entry: Buffer) => Result): Result | undefined {
  const entry = Buffer.alloc(256)
  const result = Buffer.alloc(8)
  for (let buffer = Buffer.alloc(4096); buffer.length <= LARGEST_ENTRY_BYTES; buffer = Buffer.alloc(buffer.length * 8)) {
    const errorNumber: number = call(key, entry, buffer, buffer.length, result)
    if (errorNumber === constants.errno.ERANGE) continue
    return errorNumber !== 0 || result.readBigUInt64LE() === 0n ? undefined : read(entry)
  }
  return undefined
}
