import { constants } from 'node:os'
import type { ByteString } from '../format/byte-string.ts'
import { SystemCallError } from './libc.ts'

let buffer = Buffer.alloc(8192)

/**
 * A path as C wants it, with a zero byte behind it. The bytes are in a buffer of this thread and valid until the next call.
 *
 * @throws SystemCallError `EINVAL` for a path that holds a zero byte itself
 */
export function systemPathBytes(path: ByteString): Buffer {
  if (path.includes('\0')) throw new SystemCallError('path', constants.errno.EINVAL)
  if (path.length >= buffer.length) buffer = Buffer.alloc(path.length * 2)
  buffer.write(path, 0, 'latin1')
  buffer[path.length] = 0
  return buffer
}
