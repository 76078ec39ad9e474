import { open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolders, messageOf, secureRandom } from '@holdfast/engine'
import type { z } from 'zod'
import { AgentError } from '../errors.ts'

/** Where an agent keeps what it must not forget. Only its user can read it; every file is whole, whenever the machine stops. */
export class StateFolder {
  readonly path: string

  private constructor(path: string) {
    this.path = path
  }

  /**
   * Opens a folder, which is made when it is missing.
   * @throws {AgentError} `state.invalid` when it cannot be used or others may write to it.
   */
  static async open(path: string): Promise<StateFolder> {
    try {
      await makeFolders(path, 0o700)
      const { mode, uid } = await stat(path)
      const self = process.getuid?.()
      if ((mode & 0o022) !== 0 || (self !== undefined && self !== 0 && uid !== self)) {
        throw new AgentError('state.invalid', `Cannot use the state folder ${path}: others than its user may write to it (chmod 700 helps)`)
      }
    } catch (error) {
      if (error instanceof AgentError) throw error
      throw new AgentError('state.invalid', `Cannot use the state folder ${path}: ${messageOf(error)}`, { cause: error })
    }
    return new StateFolder(path)
  }

  pathOf(name: string): string {
    return join(this.path, name)
  }

  /** What a file holds; undefined when there is none. @throws {AgentError} `state.invalid` when it does not fit. */
  async read<Schema extends z.ZodType>(name: string, schema: Schema): Promise<z.output<Schema> | undefined> {
    try {
      return schema.parse(JSON.parse(await readFile(this.pathOf(name), 'utf8')))
    } catch (cause) {
      if (isMissing(cause)) return undefined
      throw new AgentError('state.invalid', `Cannot read ${this.pathOf(name)}: it does not hold what an agent keeps there`, { cause })
    }
  }

  /** Replaces a file, whole and durable, readable for its user alone. */
  async write(name: string, content: unknown): Promise<void> {
    const path = this.pathOf(name)
    const temporary = `${path}.${secureRandom(6).toString('hex')}.tmp`
    try {
      await using file = await open(temporary, 'wx', 0o600)
      await file.writeFile(`${JSON.stringify(content, null, 2)}\n`)
      await file.sync()
      await rename(temporary, path)
      await using folder = await open(this.path, 'r')
      await folder.sync()
    } catch (cause) {
      await unlink(temporary).catch(() => undefined)
      throw new AgentError('state.invalid', `Cannot write ${path}: ${messageOf(cause)}`, { cause })
    }
  }

  async remove(name: string): Promise<void> {
    await unlink(this.pathOf(name)).catch((error: unknown) => {
      if (!isMissing(error)) throw error
    })
  }

  /** Names of files that begin with `prefix`, in order. */
  async names(prefix: string): Promise<readonly string[]> {
    const names = await readdir(this.path)
    return names.filter((name) => name.startsWith(prefix) && name.endsWith('.json')).toSorted()
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
