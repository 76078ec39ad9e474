import { createHash, type Hash } from 'node:crypto'
import { open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { makeFolders, secureRandom } from '@holdfast/engine'
import { ServerError } from '../../errors.ts'
import { sizeInWords } from '../../size-words.ts'

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

  /**
   * Takes a file as it comes, of `roomBytes` at most; it is durable when this resolves, and nothing is left when it rejects.
   * @throws {ServerError} `quota.exceeded`, `server.unavailable`
   */
  async take(content: AsyncIterable<Buffer>, roomBytes: number): Promise<SpooledFile> {
    await makeFolders(this.#folder, 0o700)
    const path = join(this.#folder, secureRandom(16).toString('hex'))
    const digest: Hash = createHash('sha256')
    let sizeBytes = 0
    try {
      await using file = await open(path, 'wx', 0o600)
      for await (const piece of content) {
        digest.update(piece)
        sizeBytes += piece.length
        if (sizeBytes > roomBytes)
          throw new ServerError(
            'quota.exceeded',
            `Cannot take the file: it is larger than the ${sizeInWords(roomBytes)} that its client may bring`,
          )
        await file.writeFile(piece)
      }
      await file.sync()
      await using folder = await open(this.#folder, 'r')
      await folder.sync()
    } catch (error) {
      await unlink(path).catch(() => undefined)
      if (!isOutOfRoom(error)) throw error
      throw new ServerError('server.unavailable', 'Cannot take the file: the server has no room left', {
        cause: error,
        retryAfterSeconds: 60,
      })
    }
    return { path, sizeBytes, hash: digest.digest('hex') }
  }

  /** The content of a file; undefined when it is on the disk of another server. */
  async read(path: string): Promise<Readable | undefined> {
    // Opened before it is handed on: from then on nobody takes it away.
    const file = await open(path).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    })
    return file?.createReadStream()
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

  /** Removes what is older than `before` and not `known`: files of clients that are gone, and what a crash has left. */
  async sweep({ before, known }: { readonly before: number; readonly known: () => Promise<ReadonlySet<string>> }): Promise<void> {
    const names = await readdir(this.#folder).catch(() => [])
    const old: string[] = []
    for (const path of names.map((name) => join(this.#folder, name))) {
      const modifiedAt = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => Number.POSITIVE_INFINITY,
      )
      if (modifiedAt < before) old.push(path)
    }
    const staying = old.length === 0 ? new Set<string>() : await known()
    for (const path of old) if (!staying.has(path)) await this.remove(path)
  }
}

function isOutOfRoom(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}
