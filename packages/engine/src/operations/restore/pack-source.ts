import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { EngineError, systemCodeOf } from '../../errors.ts'
import type { PackId } from '../../format/ids.ts'
import { layoutPath } from '../../storage/storage.ts'

/** Reads runs of one pack from a folder of this machine into one buffer that grows as needed. */
export class PackSource {
  readonly #folder: string
  #buffer = Buffer.allocUnsafeSlow(1 << 20)

  constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Calls `action` with a function that reads a range of the pack. What it gives lies in memory that its next call overwrites; it throws
   * an EngineError `storage.*` where the pack lacks those bytes.
   */
  withPack(pack: PackId, action: (read: (offset: number, length: number) => Uint8Array) => void): void {
    let descriptor = -1
    let sizeBytes = 0
    try {
      action((offset, length) => {
        if (descriptor < 0) {
          descriptor = this.#open(pack)
          sizeBytes = fstatSync(descriptor).size
        }
        if (offset + length > sizeBytes) throw tooShort(pack)
        return this.#read(descriptor, { pack, offset, length })
      })
    } finally {
      if (descriptor >= 0) closeSync(descriptor)
    }
  }

  #open(pack: PackId): number {
    try {
      return openSync(join(this.#folder, layoutPath({ kind: 'data', name: pack })), 'r')
    } catch (error) {
      const code = systemCodeOf(error)
      throw new EngineError(code === 'ENOENT' ? 'storage.not-found' : 'storage.failed', `Cannot read pack ${pack.slice(0, 10)}: ${code}`, {
        cause: error,
        context: { pack },
      })
    }
  }

  #read(descriptor: number, range: { readonly pack: PackId; readonly offset: number; readonly length: number }): Uint8Array {
    const { pack, offset, length } = range
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(Math.max(length, this.#buffer.length * 2))
    for (let done = 0; done < length; ) {
      const count = readSync(descriptor, this.#buffer, done, length - done, offset + done)
      if (count === 0) throw tooShort(pack)
      done += count
    }
    return this.#buffer.subarray(0, length)
  }
}

function tooShort(pack: PackId): EngineError {
  return new EngineError('storage.range', `Cannot read pack ${pack.slice(0, 10)}: it is shorter than the index says`, { context: { pack } })
}
