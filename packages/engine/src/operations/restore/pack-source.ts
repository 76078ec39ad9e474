import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { EngineError, systemCodeOf } from '../../errors.ts'
import type { PackId } from '../../format/ids.ts'
import { layoutPath } from '../../storage/storage.ts'

/** Bytes of a pack. */
export interface PackRange {
  readonly pack: PackId
  readonly offset: number
  readonly length: number
}

interface OpenPack {
  readonly pack: PackId
  readonly descriptor: number
  readonly sizeBytes: number
}

/** Reads packs from a folder of this machine, into one buffer that grows as needed. The pack read last stays open. */
export class PackSource {
  readonly #folder: string
  #buffer = Buffer.allocUnsafeSlow(1 << 20)
  #open: OpenPack | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * The bytes of a range, in memory that the next call overwrites.
   *
   * @throws EngineError `storage.range` where the pack does not have them all, `storage.not-found`, `storage.failed`
   */
  read({ pack, offset, length }: PackRange): Uint8Array {
    const { descriptor, sizeBytes } = this.#opened(pack)
    // Looked at first, so that a length that lies takes no memory.
    if (offset + length > sizeBytes) throw tooShort(pack)
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(Math.max(length, this.#buffer.length * 2))
    for (let done = 0; done < length; ) {
      const count = readSync(descriptor, this.#buffer, done, length - done, offset + done)
      if (count === 0) throw tooShort(pack)
      done += count
    }
    return this.#buffer.subarray(0, length)
  }

  close(): void {
    if (this.#open !== undefined) closeSync(this.#open.descriptor)
    this.#open = undefined
  }

  #opened(pack: PackId): OpenPack {
    if (this.#open?.pack === pack) return this.#open
    this.close()
    try {
      const descriptor = openSync(join(this.#folder, layoutPath({ kind: 'data', name: pack })), 'r')
      this.#open = { pack, descriptor, sizeBytes: fstatSync(descriptor).size }
      return this.#open
    } catch (error) {
      const code = systemCodeOf(error)
      const message = `Cannot read pack ${pack.slice(0, 10)}: ${code}`
      throw new EngineError(code === 'ENOENT' ? 'storage.not-found' : 'storage.failed', message, { cause: error, context: { pack } })
    }
  }
}

function tooShort(pack: PackId): EngineError {
  return new EngineError('storage.range', `Cannot read pack ${pack.slice(0, 10)}: it is shorter than the index says`, { context: { pack } })
}
