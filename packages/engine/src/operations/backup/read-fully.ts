import { readSync } from 'node:fs'

/**
 * Reads from `position` of a file into `buffer` from offset `from` until the buffer is full or the file ends; returns the bytes read.
 * @throws Node's system error
 */
export function fillFrom(
  descriptor: number,
  target: { readonly buffer: Uint8Array; readonly from: number; readonly position: number; readonly to?: number },
): number {
  const { buffer, from, position, to = buffer.length } = target
  let offset = from
  while (offset < to) {
    const read = readSync(descriptor, buffer, offset, to - offset, position + offset - from)
    if (read === 0) break
    offset += read
  }
  return offset - from
}
