import { type BigIntStats, fstatSync, lstatSync } from 'node:fs'
import { systemCodeOf } from '../errors.ts'
import { type ByteString, systemPath } from '../format/byte-string.ts'
import type { Uint64 } from '../format/node.ts'
import type { Instant } from '../format/timestamp.ts'
import { CURRENT_FOLDER, libc } from './libc.ts'
import { systemPathBytes } from './system-path.ts'

/** What `lstat` tells of a file, times to the nanosecond. */
export interface FileStatus {
  /** Kind and permissions: `S_IFREG | 0o644`. */
  readonly mode: number
  readonly sizeBytes: number
  readonly inode: Uint64
  /** `st_dev`: the file system that holds the file. */
  readonly deviceId: number
  /** `st_rdev`: the device that a device file stands for. */
  readonly device: number
  readonly links: number
  readonly userId: number
  readonly groupId: number
  /** Units of 512 bytes that the file takes. */
  readonly blocks: number
  readonly accessed: Instant
  readonly modified: Instant
  readonly changed: Instant
}

/** The file itself and not what a link leads to; what is to be mounted on demand stays unmounted. */
const LSTAT_FLAGS = 0x100 | 0x800
/** The file that the descriptor stands for. */
const FSTAT_FLAGS = 0x1000

// `struct statx` is the same on all architectures. It takes 0.46 µs where lstatSync with bigint takes 0.75 µs with the divisions.
const bytes = Buffer.alloc(256)
const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
const NO_PATH = Buffer.alloc(1)

/**
 * What the system knows of the file at `path`, which is not followed when it is a symbolic link.
 *
 * @throws Node's system error (`ENOENT`, `EACCES`, …)
 */
export function readStatus(path: ByteString): FileStatus {
  const statx = libc()?.statx
  if (statx !== undefined && statx({ folder: CURRENT_FOLDER, path: systemPathBytes(path) }, LSTAT_FLAGS, bytes) === 0) return decodeStatus()
  // Also the way to a failure with its proper name, and to an answer where a sandbox forbids statx.
  return statusFrom(lstatSync(systemPath(path), { bigint: true }))
}

/**
 * As {@link readStatus}; undefined when there is nothing at `path`.
 *
 * @throws Node's system error
 */
export function findStatus(path: ByteString): FileStatus | undefined {
  try {
    return readStatus(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCodeOf(error) ?? '')) return undefined
    throw error
  }
}

/**
 * What the system knows of an open file.
 *
 * @throws Node's system error
 */
export function readOpenStatus(fileDescriptor: number): FileStatus {
  const statx = libc()?.statx
  if (statx !== undefined && statx({ folder: fileDescriptor, path: NO_PATH }, FSTAT_FLAGS, bytes) === 0) return decodeStatus()
  return statusFrom(fstatSync(fileDescriptor, { bigint: true }))
}

function decodeStatus(): FileStatus {
  return {
    mode: words.getUint16(28, true),
    sizeBytes: uint64At(40),
    inode: words.getUint32(36, true) < 0x20_0000 ? uint64At(32) : words.getBigUint64(32, true),
    deviceId: deviceOf(words.getUint32(136, true), words.getUint32(140, true)),
    device: deviceOf(words.getUint32(128, true), words.getUint32(132, true)),
    links: words.getUint32(16, true),
    userId: words.getUint32(20, true),
    groupId: words.getUint32(24, true),
    blocks: uint64At(48),
    accessed: instantAt(64),
    modified: instantAt(112),
    changed: instantAt(96),
  }
}

function uint64At(offset: number): number {
  return words.getUint32(offset, true) + words.getUint32(offset + 4, true) * 2 ** 32
}

function instantAt(offset: number): Instant {
  return {
    seconds: words.getUint32(offset, true) + words.getInt32(offset + 4, true) * 2 ** 32,
    nanoseconds: words.getUint32(offset + 8, true),
  }
}

/** As the C library's `makedev`; the kernel has 12 bits of major and 20 of minor number. */
function deviceOf(major: number, minor: number): number {
  return ((((major & 0xfff) << 8) | (minor & 0xff)) >>> 0) + (minor >>> 8) * 2 ** 20 + (major >>> 12) * 2 ** 44
}

function statusFrom(stats: BigIntStats): FileStatus {
  return {
    mode: Number(stats.mode),
    sizeBytes: Number(stats.size),
    inode: stats.ino <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(stats.ino) : stats.ino,
    deviceId: Number(stats.dev),
    device: Number(stats.rdev),
    links: Number(stats.nlink),
    userId: Number(stats.uid),
    groupId: Number(stats.gid),
    blocks: Number(stats.blocks),
    accessed: instantOf(stats.atimeNs),
    modified: instantOf(stats.mtimeNs),
    changed: instantOf(stats.ctimeNs),
  }
}

function instantOf(nanoseconds: bigint): Instant {
  const seconds = nanoseconds / 1_000_000_000n - (nanoseconds % 1_000_000_000n < 0n ? 1n : 0n)
  return { seconds: Number(seconds), nanoseconds: Number(nanoseconds - seconds * 1_000_000_000n) }
}
