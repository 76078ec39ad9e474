import { lutimesSync } from 'node:fs'
import { constants } from 'node:os'
import { EngineError } from '../errors.ts'
import { type ByteString, displayText, systemPath } from '../format/byte-string.ts'
import type { Instant } from '../format/timestamp.ts'
import { errorCodeName, libc, SystemCallError } from './libc.ts'
import { systemPathBytes } from './system-path.ts'

/** What this system lets the engine do with metadata of files; whoever meets a `false` tells its user what is not saved or restored. */
export interface MetadataAbilities {
  readonly extendedAttributes: boolean
  /** Times with nanoseconds; else those that Node.js can set, which have microseconds. */
  readonly exactTimes: boolean
  /** Device files, named pipes. */
  readonly specialFiles: boolean
}

/** An extended attribute as the system has it. */
export interface RawAttribute {
  readonly name: string
  readonly value: Buffer
}

/** The kernel's own bounds (limits.h): no list of names and no value is longer. */
const LARGEST_LIST_BYTES = 65_536
const LARGEST_VALUE_BYTES = 65_536

const NO_FOLLOW = 0x100

const listBuffer = Buffer.alloc(LARGEST_LIST_BYTES)
const valueBuffer = Buffer.alloc(LARGEST_VALUE_BYTES)
const timeWords = new Int32Array(8)

/** Looks what this system can do. Everything on Linux. */
export function metadataAbilities(): MetadataAbilities {
  const able = libc() !== undefined
  return { extendedAttributes: able, exactTimes: able, specialFiles: able }
}

/**
 * The extended attributes of a file, POSIX ACLs among them, in the order in which the system lists them, which is the order restic stores.
 * A symbolic link is not followed. Empty where the file system or {@link metadataAbilities} has none.
 *
 * @param onSkipped told of each attribute that is listed and cannot be read (restic warns of it and goes on); without it that is an error.
 * @throws EngineError `source.unreadable`
 */
export function readExtendedAttributes(path: ByteString, onSkipped?: (problem: string) => void): readonly RawAttribute[] {
  const library = libc()
  if (library === undefined) return []
  const pathBytes = systemPathBytes(path)
  const listBytes = library.llistxattr(pathBytes, listBuffer, LARGEST_LIST_BYTES)
  if (listBytes === 0) return []
  if (listBytes < 0) {
    const errorNumber = library.errno()
    if (isUnsupported(errorNumber)) return []
    throw unreadable(path, { what: 'the extended attributes', errorNumber })
  }
  const attributes: RawAttribute[] = []
  for (const nameBytes of namesOf(listBuffer.subarray(0, listBytes))) {
    const name = nameBytes.toString('utf8', 0, nameBytes.length - 1)
    const valueBytes = library.lgetxattr(pathBytes, nameBytes, { value: valueBuffer, valueBytes: LARGEST_VALUE_BYTES })
    if (valueBytes >= 0) {
      attributes.push({ name, value: Buffer.from(valueBuffer.subarray(0, valueBytes)) })
      continue
    }
    const errorNumber = library.errno()
    // An attribute that was removed since it was listed is none.
    if (isUnsupported(errorNumber)) continue
    const failure = unreadable(path, { what: `extended attribute ${name}`, errorNumber })
    if (onSkipped === undefined) throw failure
    onSkipped(failure.message)
  }
  return attributes
}

/**
 * The names of a file's extended attributes; a symbolic link is not followed. Empty where there can be none.
 *
 * @throws SystemCallError
 */
export function listExtendedAttributes(path: ByteString): readonly string[] {
  const library = libc()
  if (library === undefined) return []
  const listBytes = library.llistxattr(systemPathBytes(path), listBuffer, LARGEST_LIST_BYTES)
  if (listBytes === 0) return []
  if (listBytes > 0) return namesOf(listBuffer.subarray(0, listBytes)).map((name) => name.toString('utf8', 0, name.length - 1))
  const errorNumber = library.errno()
  if (isUnsupported(errorNumber)) return []
  throw new SystemCallError('llistxattr', errorNumber)
}

/**
 * Sets an extended attribute of the file itself, also where it is a symbolic link.
 *
 * @throws SystemCallError `ENOTSUP` where the file system or this system has no such attributes
 */
export function setExtendedAttribute(path: ByteString, { name, value }: RawAttribute): void {
  const library = libc()
  if (library === undefined) throw new SystemCallError('lsetxattr', constants.errno.ENOTSUP)
  if (library.lsetxattr(systemPathBytes(path), nameBytesOf(name), value) !== 0) throw new SystemCallError('lsetxattr', library.errno())
}

/**
 * Removes an extended attribute of the file itself, also where it is a symbolic link. Succeeds if there is none of that name.
 *
 * @throws SystemCallError
 */
export function removeExtendedAttribute(path: ByteString, name: string): void {
  const library = libc()
  if (library === undefined || library.lremovexattr(systemPathBytes(path), nameBytesOf(name)) === 0) return
  const errorNumber = library.errno()
  if (!isUnsupported(errorNumber)) throw new SystemCallError('lremovexattr', errorNumber)
}

/**
 * Sets the times of the file itself, also where it is a symbolic link, to the nanosecond where {@link metadataAbilities} has `exactTimes`.
 *
 * @throws SystemCallError or Node's system error
 */
export function setTimes(path: ByteString, times: { readonly access: Instant; readonly modification: Instant }): void {
  const library = libc()
  if (library === undefined) {
    lutimesSync(systemPath(path), timeForNode(times.access), timeForNode(times.modification))
    return
  }
  putTime(0, times.access)
  putTime(4, times.modification)
  if (library.utimensat(systemPathBytes(path), timeWords, NO_FOLLOW) !== 0) throw new SystemCallError('utimensat', library.errno())
}

/**
 * Makes a device file, a named pipe or a socket.
 *
 * @param statMode kind and permissions as `stat` gives them: `S_IFCHR | 0o600`; the umask applies
 * @param device `st_rdev` of a device file, else 0
 * @throws SystemCallError `EPERM` for devices without privileges, `ENOSYS` where this system cannot
 */
export function makeNode(path: ByteString, statMode: number, device: number | bigint): void {
  const library = libc()
  if (library === undefined) throw new SystemCallError('mknod', constants.errno.ENOSYS)
  if (library.mknod(systemPathBytes(path), statMode, device) !== 0) throw new SystemCallError('mknod', library.errno())
}

/**
 * Makes room for the first `sizeBytes` of an open file, which grows to that size if it was shorter. For the sake of speed only: where the
 * file system cannot, nothing happens.
 */
export function preallocate(fileDescriptor: number, sizeBytes: number): void {
  libc()?.fallocate(fileDescriptor, 0, sizeBytes)
}

/** File systems without attributes say ENOTSUP, an SMB mount may say ENODATA. */
function isUnsupported(errorNumber: number): boolean {
  return errorNumber === constants.errno.ENOTSUP || errorNumber === constants.errno.ENODATA
}

function unreadable(path: ByteString, failure: { readonly what: string; readonly errorNumber: number }): EngineError {
  const code = errorCodeName(failure.errorNumber)
  return new EngineError('source.unreadable', `Cannot read ${failure.what} of ${displayText(path)}: ${code}`, {
    context: { path: displayText(path), systemCode: code },
  })
}

/** Cuts a list of names behind each zero byte; the parts keep theirs. */
function namesOf(list: Buffer): Buffer[] {
  const names: Buffer[] = []
  for (let start = 0; start < list.length; ) {
    const end = list.indexOf(0, start) + 1 || list.length
    names.push(list.subarray(start, end))
    start = end
  }
  return names
}

function nameBytesOf(name: string): Buffer {
  if (name.includes('\0')) throw new SystemCallError('xattr', constants.errno.EINVAL)
  return Buffer.from(`${name}\0`, 'utf8')
}

function putTime(word: number, { seconds, nanoseconds }: Instant): void {
  timeWords[word] = seconds % 2 ** 32
  timeWords[word + 1] = Math.floor(seconds / 2 ** 32)
  timeWords[word + 2] = nanoseconds
  timeWords[word + 3] = 0
}

/** Node.js takes a negative number for the present moment, but not a date before 1970; that has milliseconds only. */
function timeForNode({ seconds, nanoseconds }: Instant): number | Date {
  return seconds < 0 ? new Date(seconds * 1000 + Math.floor(nanoseconds / 1e6)) : seconds + nanoseconds / 1e9
}
