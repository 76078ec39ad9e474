import { hash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { systemPath } from '../../format/byte-string.ts'
import type { FileToCompare } from './restore-tasks.ts'

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants

let buffer = Buffer.allocUnsafeSlow(1 << 20)

/** Tells for each blob whether the file holds it where it should. Empty where there is no such plain file, or it cannot be read. */
export function compareFile({ path, offset, blobs }: FileToCompare): Uint8Array {
  let descriptor: number
  try {
    descriptor = openSync(systemPath(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch {
    return new Uint8Array(0)
  }
  try {
    const status = fstatSync(descriptor)
    if (!status.isFile()) return new Uint8Array(0)
    const matches = new Uint8Array(blobs.length)
    let position = offset
    for (const [index, { id, lengthBytes }] of blobs.entries()) {
      // What the file does not have is not read, so that a blob that claims to be huge takes no memory.
      if (position + lengthBytes <= status.size && holds(descriptor, { id, lengthBytes, position })) matches[index] = 1
      position += lengthBytes
    }
    return matches
  } catch {
    return new Uint8Array(0)
  } finally {
    closeSync(descriptor)
  }
}

function holds(descriptor: number, blob: { readonly id: string; readonly lengthBytes: number; readonly position: number }): boolean {
  const { id, lengthBytes, position } = blob
  if (buffer.length < lengthBytes) buffer = Buffer.allocUnsafeSlow(lengthBytes)
  for (let done = 0; done < lengthBytes; ) {
    const count = readSync(descriptor, buffer, done, lengthBytes - done, position + done)
    if (count === 0) return false
    done += count
  }
  return hash('sha256', buffer.subarray(0, lengthBytes), 'hex') === id
}
