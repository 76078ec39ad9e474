import { closeSync, openSync, readSync } from 'node:fs'
import { systemCodeOf } from '../../errors.ts'
import { type ByteString, byteStringOf, joinBytes, systemPath } from '../../format/byte-string.ts'
import { cleanPath } from '../../format/clean-path.ts'
import type { FileStatus } from '../../host/file-status.ts'
import { type ExclusionMarker, isMarkedBy } from '../exclusion-marker.ts'
import { compilePathFilter, type PathFilter, uniteFilters } from '../path-filter.ts'

/** What stays out of a backup. Plain data, so that it can be handed to workers. */
export interface SelectionRules {
  /** Patterns on absolute paths, with and without regard to case. */
  readonly excludes: readonly ByteString[]
  readonly caseInsensitiveExcludes: readonly ByteString[]
  /** Files whose presence excludes the rest of their folder. */
  readonly markers: readonly ExclusionMarker[]
  readonly excludeLargerThanBytes?: number | undefined
  /** Devices whose entries are kept; all when undefined (`--one-file-system` sets those of the targets). */
  readonly devices?: readonly number[] | undefined
}

export const SELECT_ALL: SelectionRules = { excludes: [], caseInsensitiveExcludes: [], markers: [] }

/** Applies {@link SelectionRules} to the entries that a walk meets. */
export class EntrySelector {
  readonly #rules: SelectionRules
  readonly #filter: PathFilter | undefined
  readonly #devices: ReadonlySet<number> | undefined
  /** What relative paths are relative to; patterns are on absolute ones. */
  readonly #workingFolder: ByteString

  constructor(rules: SelectionRules) {
    this.#rules = rules
    this.#workingFolder = byteStringOf(process.cwd())
    const filters = [
      compilePathFilter(rules.excludes),
      ...(rules.caseInsensitiveExcludes.length > 0 ? [compilePathFilter(rules.caseInsensitiveExcludes, { ignoreCase: true })] : []),
    ]
    if (rules.excludes.length + rules.caseInsensitiveExcludes.length > 0) this.#filter = uniteFilters(filters)
    if (rules.devices !== undefined) this.#devices = new Set(rules.devices)
  }

  /** Whether an entry may be in the backup as far as its path can tell. */
  allowsPath(path: ByteString): boolean {
    return this.#filter === undefined || !this.#filter.matches(this.#absolute(path))
  }

  /** Whether an entry may be in the backup as far as its status can tell. */
  allowsStatus(status: FileStatus, kind: { readonly isFile: boolean; readonly isFolder: boolean }): boolean {
    const { excludeLargerThanBytes } = this.#rules
    if (kind.isFile && excludeLargerThanBytes !== undefined && status.sizeBytes > excludeLargerThanBytes) return false
    // A folder on another device is a mount point: it is kept, empty.
    return kind.isFolder || this.#isOnKeptDevice(status)
  }

  /** Whether the content of a folder stays out because another file system begins there. */
  isOpaque(status: FileStatus): boolean {
    return !this.#isOnKeptDevice(status)
  }

  /** The marker file that excludes everything else in a folder, if there is one. */
  markerIn(folder: ByteString, names: ReadonlySet<ByteString>): ByteString | undefined {
    return this.#rules.markers.find((marker) => names.has(marker.name) && hasHeader(joinBytes(folder, marker.name), marker))?.name
  }

  /** Whether any marker is looked for at all. */
  get hasMarkers(): boolean {
    return this.#rules.markers.length > 0
  }

  #absolute(path: ByteString): ByteString {
    if (path.startsWith('/')) return path
    const joined = joinBytes(this.#workingFolder, path)
    // Everything but leading dots is clean already.
    return path.startsWith('.') ? cleanPath(joined) : joined
  }

  #isOnKeptDevice(status: FileStatus): boolean {
    return this.#devices === undefined || this.#devices.has(status.deviceId)
  }
}

function hasHeader(path: ByteString, marker: ExclusionMarker): boolean {
  if (marker.header.length === 0) return true
  const start = Buffer.alloc(marker.header.length)
  try {
    const descriptor = openSync(systemPath(path), 'r')
    try {
      return isMarkedBy(marker, start.subarray(0, readSync(descriptor, start, 0, start.length, 0)))
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    // A marker that cannot be read excludes nothing: better too much in a backup than too little.
    if (systemCodeOf(error) !== undefined) return false
    throw error
  }
}
