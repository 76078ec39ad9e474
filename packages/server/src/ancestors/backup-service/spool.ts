import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { secureRandom } from '@holdfast/engine'

/** A file that has arrived and is safe on this machine's disk. */
export interface SpooledFile {
  readonly path: string
  readonly sizeBytes: number
  /** SHA-256 in hexadecimal. */
  readonly hash: string
}

/** Where uploads wait until they are in a snapshot: a repository is not made for one small file after the other. */
export class Spool {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Takes a file as it comes; it is durable when this resolves, and nothing is left when it rejects. */
  async take(content: AsyncIterable<Buffer>): Promise<SpooledFile> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const path = join(this.#folder, secureRandom(16).toString('hex'))
    const digest: Hash = createHash('sha256')
    let sizeBytes = 0
    try {
      await using file = await open(path, 'wx', 0o600)
      for await (const piece of content) {
        digest.update(piece)
        sizeBytes += piece.length
        await file.writeFile(piece)
      }
      await file.sync()
      await using folder = await open(this.#folder, 'r')
      await folder.sync()
    } catch (error) {
      await unlink(path).catch(() => undefined)
      throw error
    }
    return { path, sizeBytes, hash: digest.digest('hex') }
  }

  /** The content of a file; undefined when it is on the disk of another server. */
  async read(path: string): Promise<AsyncIterable<Buffer> | undefined> {
    return (await this.has(path)) ? (createReadStream(path) as AsyncIterable<Buffer>) : undefined
  }

  /** Whether a file is on this machine. */
  has(path: string): Promise<boolean> {
    return stat(path).then(
      () => true,
      () => false,
    )
  }

  async remove(path: string): Promise<void> {
    await unlink(path).catch(() => undefined)
  }
}
