import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const PREFIX = 'holdfast-bench-'
/** `TMPFS_MAGIC` of the kernel's `linux/magic.h`. */
const TMPFS = 0x01021994

/** A folder of this process on the tmpfs, in which everything happens and of which nothing remains. */
export class Workspace {
  readonly folder: string
  readonly #parent: string

  /** Makes the folder, and removes what a bench that was killed has left. @throws Error when `parent` is not on a tmpfs */
  constructor(parent: string) {
    this.#parent = parent
    if (statfsSync(parent).type !== TMPFS) throw new Error(`Cannot measure in ${parent}: it is not on a tmpfs, and disks differ`)
    for (const name of readdirSync(parent)) {
      const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : Number.NaN
      if (Number.isInteger(pid) && !existsSync(`/proc/${pid}`)) rmSync(join(parent, name), { recursive: true, force: true })
    }
    this.folder = join(parent, `${PREFIX}${process.pid}`)
    mkdirSync(this.folder, { mode: 0o700 })
  }

  /** A path in the folder; nothing is made there. */
  path(name: string): string {
    return join(this.folder, name)
  }

  /** Bytes that can still be written: the room of the file system, and of the memory that a tmpfs takes it from. */
  availableBytes(): number {
    const { bavail, bsize } = statfsSync(this.#parent)
    return Math.min(bavail * bsize, availableMemoryBytes())
  }

  /** @throws Error when there is less room than is needed */
  requireRoom(neededBytes: number, purpose: string): void {
    const available = this.availableBytes()
    if (available >= neededBytes) return
    const state = `${this.#parent} has room for ${gigabytes(available)}, ${gigabytes(neededBytes)} are needed`
    throw new Error(`Cannot measure ${purpose}: ${state}`)
  }

  /** Removes a part of the folder, or all of it. */
  remove(path: string = this.folder): void {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  }
}

function availableMemoryBytes(): number {
  const found = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))
  return found === null ? Number.POSITIVE_INFINITY : Number(found[1]) * 1024
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
