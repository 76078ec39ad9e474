import { chmodSync, closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { EngineError, systemCodeOf } from '../../errors.ts'
import { type ByteString, displayText, systemPath } from '../../format/byte-string.ts'
import { findStatus } from '../../host/file-status.ts'
import { preallocate } from '../../host/posix.ts'
import { clearPlace } from './remove-tree.ts'

export interface OpenTarget {
  readonly sizeBytes: number
  /** Nothing is at the path as far as is known. */
  readonly isNew: boolean
  /** Holes are wanted: nothing is allocated ahead. */
  readonly sparse: boolean
  /** A full folder at the path may be removed. */
  readonly removeExtraneous: boolean
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, S_IFMT, S_IFREG } = constants
const NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
/** Not to wait for the other end if a named pipe is in the way. */
const EXISTING_FILE = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK
const FILE_MODE = 0o600

/** Files are allocated ahead from this size on; smaller ones are written in one go or nearly so. */
const PREALLOCATED_FROM_BYTES = 1 << 20

/** Holes are made of whole blocks of this size, which is what file systems have. */
const BLOCK_BYTES = 4096
const ZEROS = Buffer.alloc(BLOCK_BYTES)

/**
 * Opens a file of the target for writing, at most as long as it will be. What is there is kept, unless it is no plain file or has other
 * names too (whoever uses those did not ask for a restore): then a new file takes its place. Never follows a link.
 *
 * @returns a file descriptor
 * @throws Node's system error
 */
export function openTarget(path: ByteString, options: OpenTarget): number {
  const descriptor = options.isNew ? openNew(path, options) : openExisting(path, options)
  try {
    adjustSize(descriptor, options)
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
  return descriptor
}

/** Opens a file that {@link openTarget} has opened before. */
export function reopenTarget(path: ByteString): number {
  const descriptor = openSync(systemPath(path), O_WRONLY | O_NOFOLLOW | O_NONBLOCK)
  if (isPlainFile(descriptor)) return descriptor
  closeSync(descriptor)
  throw new EngineError('target.failed', `Cannot write ${displayText(path)}: something else took its place`)
}

/** Writes all of `bytes` at `offset`. */
export function writeFully(descriptor: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done)
}

/** Writes what is not zero in a file that holds nothing yet: whole blocks of zeros are left out. */
export function writeSparsely(descriptor: number, bytes: Uint8Array, offset: number): void {
  let start = 0
  let position = 0
  while (position < bytes.length) {
    const end = Math.min(bytes.length, position + BLOCK_BYTES - ((offset + position) % BLOCK_BYTES))
    if (isZero(bytes, position, end)) {
      if (start < position) writeFully(descriptor, bytes.subarray(start, position), offset + start)
      start = end
    }
    position = end
  }
  if (start < bytes.length) writeFully(descriptor, bytes.subarray(start), offset + start)
}

function openNew(path: ByteString, options: OpenTarget): number {
  try {
    return openSync(systemPath(path), NEW_FILE, FILE_MODE)
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error
    return openExisting(path, options)
  }
}

function openExisting(path: ByteString, { removeExtraneous }: OpenTarget): number {
  const descriptor = tryToOpen(path)
  if (descriptor !== undefined) {
    if (isPlainFile(descriptor) && fstatSync(descriptor).nlink === 1) return descriptor
    closeSync(descriptor)
  }
  clearPlace(path, removeExtraneous)
  return openSync(systemPath(path), NEW_FILE, FILE_MODE)
}

/** Undefined where something is in the way that cannot be opened for writing. */
function tryToOpen(path: ByteString): number | undefined {
  try {
    return openSync(systemPath(path), EXISTING_FILE, FILE_MODE)
  } catch (error) {
    const code = systemCodeOf(error)
    if (code === 'EACCES' && findStatus(path) !== undefined) return openReadOnly(path)
    if (['ELOOP', 'EISDIR', 'ENXIO'].includes(code ?? '')) return undefined
    throw error
  }
}

/** The owner of a file may write it even if its permissions say no: they are set anew at the end. */
function openReadOnly(path: ByteString): number | undefined {
  const status = findStatus(path)
  if (status === undefined || (status.mode & S_IFMT) !== S_IFREG) return undefined
  chmodSync(systemPath(path), FILE_MODE)
  return openSync(systemPath(path), O_WRONLY | O_NOFOLLOW)
}

function isPlainFile(descriptor: number): boolean {
  return fstatSync(descriptor).isFile()
}

function adjustSize(descriptor: number, { sizeBytes, isNew, sparse }: OpenTarget): void {
  if (isNew && sizeBytes < PREALLOCATED_FROM_BYTES && !sparse) return
  if (sparse || fstatSync(descriptor).size > sizeBytes) ftruncateSync(descriptor, sizeBytes)
  else if (sizeBytes >= PREALLOCATED_FROM_BYTES) preallocate(descriptor, sizeBytes)
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  return bytes[start] === 0 && Buffer.compare(bytes.subarray(start, end), ZEROS.subarray(0, end - start)) === 0
}
