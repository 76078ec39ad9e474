import { readdirSync } from 'node:fs'
import { systemCodeOf } from '../../errors.ts'
import { type ByteString, joinBytes, systemPath } from '../../format/byte-string.ts'
import { nodeTypeFromStat } from '../../format/file-mode.ts'
import type { Clock } from '../../host/clock.ts'
import { readStatus } from '../../host/file-status.ts'
import type { PreviewSum, PreviewTask, SelectionWeight, WeighedPath } from './preview.ts'
import { EntrySelector } from './selection.ts'

/** A folder in which one other folder has this share of the bytes is not worth naming beside that one. */
const SHARE_OF_ONE = 0.8
/** The clock is asked once for so many entries. */
const LOOK_EVERY = 64

/** A folder that the walk is in. */
interface OpenFolder {
  readonly path: ByteString
  /** Entries that are still to be looked at, the last one first. */
  readonly pending: Pending[]
  /** Left out with all that is in it. */
  readonly isExcluded: boolean
  /** It or a folder above it is the first that is left out on this way. */
  readonly isFirstExcluded: boolean
  files: number
  bytes: number
  largestChildBytes: number
}

interface Pending {
  readonly path: ByteString
  readonly isExplicit: boolean
  readonly isExcluded: boolean
}

type Sum = { -readonly [Key in keyof PreviewSum]: PreviewSum[Key] }

/** Walks through a selection once, depth first, and weighs what it takes and what it leaves out. */
export class SelectionScale {
  readonly #task: PreviewTask
  readonly #clock: Clock
  readonly #selector: EntrySelector
  readonly #deadline: number
  readonly #included: Sum = { files: 0, folders: 0, bytes: 0 }
  readonly #excluded: Sum = { files: 0, folders: 0, bytes: 0 }
  readonly #biggestFolders: HeaviestPaths
  readonly #biggestExcluded: HeaviestPaths
  readonly #open: OpenFolder[] = []
  #unreadable = 0
  #entries = 0
  #isPartial = false

  constructor(task: PreviewTask, clock: Clock) {
    this.#task = task
    this.#clock = clock
    this.#selector = new EntrySelector(task.rules)
    this.#deadline = clock.now() + task.limits.durationMs
    this.#biggestFolders = new HeaviestPaths(task.limits.folders)
    this.#biggestExcluded = new HeaviestPaths(task.limits.folders)
  }

  /** The weight of the whole, or of what the limits let it see. */
  weigh(): SelectionWeight {
    for (const target of this.#task.targets) {
      this.#look({ ...target, isExcluded: false })
      this.#walk()
    }
    return {
      included: this.#included,
      excluded: this.#excluded,
      biggestFolders: this.#biggestFolders.list(),
      biggestExcluded: this.#biggestExcluded.list(),
      unreadable: this.#unreadable,
      isPartial: this.#isPartial,
    }
  }

  #walk(): void {
    for (let folder = this.#open.at(-1); folder !== undefined; folder = this.#open.at(-1)) {
      const next = this.#isPartial ? undefined : folder.pending.pop()
      if (next === undefined) this.#leave()
      else this.#look(next)
    }
  }

  #look(entry: Pending): void {
    this.#entries++
    if (this.#entries > this.#task.limits.entries) this.#isPartial = true
    if (this.#entries % LOOK_EVERY === 0 && this.#clock.now() > this.#deadline) this.#isPartial = true
    if (this.#isPartial) return
    try {
      this.#weighEntry(entry)
    } catch (error) {
      if (systemCodeOf(error) === undefined) throw error
      this.#unreadable++
    }
  }

  #weighEntry({ path, isExplicit, isExcluded }: Pending): void {
    const isLeftOut = isExcluded || !(isExplicit || this.#selector.allowsPath(path))
    const status = readStatus(path)
    const type = nodeTypeFromStat(status.mode)
    const kind = { isFile: type === 'file', isFolder: type === 'dir' }
    const isOut = isLeftOut || !(isExplicit || this.#selector.allowsStatus(status, kind))
    if (type === 'file') this.#addFile(path, { sizeBytes: status.sizeBytes, isOut, isFirstOut: isOut && !isExcluded })
    if (type !== 'dir') return
    const sum = isOut ? this.#excluded : this.#included
    sum.folders++
    // Another file system is not walked through for the sake of figures.
    if (this.#selector.isOpaque(status)) return
    this.#enter(path, { isExcluded: isOut, isFirstExcluded: isOut && !isExcluded })
  }

  #addFile(path: ByteString, { sizeBytes, isOut, isFirstOut }: { sizeBytes: number; isOut: boolean; isFirstOut: boolean }): void {
    const sum = isOut ? this.#excluded : this.#included
    sum.files++
    sum.bytes += sizeBytes
    if (isFirstOut) this.#biggestExcluded.add({ path, files: 1, bytes: sizeBytes })
    const folder = this.#open.at(-1)
    // What is left out of a folder does not make it heavy.
    if (folder === undefined || folder.isExcluded !== isOut) return
    folder.files++
    folder.bytes += sizeBytes
  }

  #enter(path: ByteString, state: Pick<OpenFolder, 'isExcluded' | 'isFirstExcluded'>): void {
    const names = readdirSync(systemPath(path), { encoding: 'latin1' }) as ByteString[]
    const marker = !state.isExcluded && this.#selector.hasMarkers ? this.#selector.markerIn(path, new Set(names)) : undefined
    const pending = names.map((name): Pending => {
      const isExcluded = state.isExcluded || (marker !== undefined && name !== marker)
      return { path: joinBytes(path, name), isExplicit: false, isExcluded }
    })
    this.#open.push({ path, pending, ...state, files: 0, bytes: 0, largestChildBytes: 0 })
  }

  #leave(): void {
    const folder = this.#open.pop()
    if (folder === undefined) return
    const { path, files, bytes, isExcluded, isFirstExcluded, largestChildBytes } = folder
    if (isFirstExcluded) this.#biggestExcluded.add({ path, files, bytes })
    if (!isExcluded && largestChildBytes < bytes * SHARE_OF_ONE) this.#biggestFolders.add({ path, files, bytes })
    const above = this.#open.at(-1)
    if (above === undefined || above.isExcluded !== isExcluded) return
    above.files += files
    above.bytes += bytes
    above.largestChildBytes = Math.max(above.largestChildBytes, bytes)
  }
}

/** The heaviest of many, without keeping the others. */
class HeaviestPaths {
  readonly #count: number
  #paths: WeighedPath[] = []

  constructor(count: number) {
    this.#count = count
  }

  add(path: WeighedPath): void {
    if (path.bytes === 0) return
    this.#paths.push(path)
    if (this.#paths.length > this.#count * 4) this.#paths = this.list()
  }

  list(): WeighedPath[] {
    return this.#paths.toSorted((a, b) => b.bytes - a.bytes).slice(0, this.#count)
  }
}
