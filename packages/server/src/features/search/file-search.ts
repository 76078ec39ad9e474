import type { Clock } from '@holdfast/engine'
import type { FileSearchPage, FileSearchQuery, FileVersion, FileVersions, FileVersionsQuery, FoundFile } from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import { type UserActor, visibleOwner } from '../../http/actor.ts'
import { KINDS } from '../snapshots/folder-listing.ts'
import { letOthersRun } from '../snapshots/let-others-run.ts'
import { addressOf, namesOf, pathOfAddress, pathOfNames, pathWithin, readableName } from '../snapshots/snapshot-path.ts'
import { NAMES_PER_CLIENT } from './index-store.ts'
import { hashOf } from './indexer.ts'
import { foldName, type NamePattern, patternOf } from './search-text.ts'
import type { IndexedSnapshot, NameRange, SearchStore } from './store.ts'
import type { SearchVersionRow } from './tables.ts'

export interface FileSearchOptions {
  readonly store: SearchStore
  readonly clock: Clock
}

/** A page ends when it has taken so long, with what it has. */
const PAGE_MS = 250
/** Versions of files of one name that are read at once. */
const VERSIONS_AT_ONCE = 2000
const VERSIONS_OF_FILE_MAX = 1000

/** Where a page begins: behind a name, or behind a folder among the files of a name. */
interface Position {
  readonly nameId: number
  /** Undefined when all files of the name were given. */
  readonly folderId: number | undefined
}

interface Group {
  readonly nameId: number
  readonly folderId: number
  readonly versions: readonly SearchVersionRow[]
}

/** Searches the names of files in all snapshots, and gives the versions of a file, without reading any repository. */
export class FileSearch {
  readonly #options: FileSearchOptions

  constructor(options: FileSearchOptions) {
    this.#options = options
  }

  /**
   * Files whose names fit, in snapshots that the actor may see.
   * @throws {ServerError} `request.invalid`, `not-found` for a foreign client
   */
  async search(actor: UserActor, query: FileSearchQuery): Promise<FileSearchPage> {
    const { store } = this.#options
    const pattern = patternOf(query.query)
    const owner = visibleOwner(actor)
    const clients = await store.clients(owner)
    if (query.clientId !== undefined && !clients.has(query.clientId)) throw notFound(`client ${query.clientId}`)
    const keys = query.clientId !== undefined ? [query.clientId] : owner === undefined ? undefined : [...clients.keys()]
    const scan = new Scan(this.#options, { pattern, keys, limit: query.limit })
    const { groups, next } = await scan.run(query.cursor === undefined ? undefined : parsePosition(query.cursor))
    return {
      items: await this.#toFiles(groups, clients),
      next: next === undefined ? null : `${next.nameId}.${next.folderId ?? ''}`,
      pendingSnapshots: await store.countPending(keys),
    }
  }

  /** All versions of one file of a client. @throws {ServerError} `not-found` */
  async versions(actor: UserActor, { clientId, path: address }: FileVersionsQuery): Promise<FileVersions> {
    const { store } = this.#options
    const owner = visibleOwner(actor)
    const isVisible = clientId === undefined ? owner === undefined : (await store.clients(owner)).has(clientId)
    const names = namesOf(pathOfAddress(address))
    const name = names.at(-1)
    if (!isVisible || name === undefined) throw notFound('versions of that file')
    const folder = addressOf(pathOfNames(names.slice(0, -1)))
    const key = { clientKey: clientId ?? 0, folder, folderHash: hashOf(folder), name: addressOf(name), folded: foldName(name) }
    const rows = await store.versionsOfFile(key, VERSIONS_OF_FILE_MAX)
    const items = withSnapshots(rows, await this.#snapshotsOf(rows)).map(toVersion)
    items.sort((a, b) => Date.parse(b.last.time) - Date.parse(a.last.time))
    if (items.length === 0) throw notFound('versions of that file')
    return { path: addressOf(pathOfNames(names)), name: readableName(name), items: mergeSame(items) }
  }

  async #toFiles(groups: readonly Group[], clients: ReadonlyMap<number, string>): Promise<FoundFile[]> {
    const { store } = this.#options
    const [snapshots, folders, names] = await Promise.all([
      this.#snapshotsOf(groups.flatMap(({ versions }) => versions)),
      store.folderPaths([...new Set(groups.map(({ folderId }) => folderId))]),
      store.names([...new Set(groups.map(({ nameId }) => nameId))]),
    ])
    return groups.flatMap((group) => {
      const [folder, name] = [folders.get(group.folderId), names.get(group.nameId)]
      const versions = withSnapshots(group.versions, snapshots)
      const newest = versions.reduce<VersionWithSnapshots | undefined>(later, undefined)
      if (folder === undefined || name === undefined || newest === undefined) return []
      const clientId = Math.floor(group.nameId / NAMES_PER_CLIENT)
      const [folderBytes, nameBytes] = [pathOfAddress(folder), pathOfAddress(name)]
      const { kind, sizeBytes, modifiedAt, last } = toVersion(newest)
      return [
        {
          clientId: clientId === 0 ? null : clientId,
          clientName: clients.get(clientId) ?? null,
          path: addressOf(pathWithin(folderBytes, nameBytes)),
          name: readableName(nameBytes),
          folder: readableName(folderBytes),
          kind,
          versionCount: mergeSame(versions.map(toVersion)).length,
          sizeBytes,
          modifiedAt,
          newestSnapshot: last,
        },
      ]
    })
  }

  async #snapshotsOf(versions: readonly SearchVersionRow[]): Promise<SnapshotsBySeries> {
    const series = [...new Set(versions.map(({ series_id: id }) => id))]
    return Map.groupBy(await this.#options.store.snapshotsOfSeries(series), ({ seriesId }) => seriesId)
  }
}

/** One page of a search: goes through ranges of names, and for each name that fits through its files. */
class Scan {
  readonly #options: FileSearchOptions
  readonly #request: { readonly pattern: NamePattern; readonly keys: readonly number[] | undefined; readonly limit: number }
  readonly #groups: Group[] = []
  readonly #until: number

  constructor(
    options: FileSearchOptions,
    request: { readonly pattern: NamePattern; readonly keys: readonly number[] | undefined; readonly limit: number },
  ) {
    this.#options = options
    this.#request = request
    this.#until = options.clock.now() + PAGE_MS
  }

  async run(from: Position | undefined): Promise<{ readonly groups: readonly Group[]; readonly next: Position | undefined }> {
    let next = from?.folderId === undefined ? undefined : await this.#takeFiles(from.nameId, from.folderId)
    for (const range of this.#ranges(from?.nameId ?? 0)) {
      if (next !== undefined) break
      next = await this.#takeRange(range)
    }
    return { groups: this.#groups, next }
  }

  #ranges(after: number): readonly NameRange[] {
    const { keys } = this.#request
    if (keys === undefined) return [{ clientKey: undefined, after }]
    return keys
      .filter((clientKey) => (clientKey + 1) * NAMES_PER_CLIENT > after)
      .map((clientKey) => ({ clientKey, after: Math.max(after, clientKey * NAMES_PER_CLIENT) }))
  }

  /** Takes what fits of a range; gives where to go on where the page is full before its end. */
  async #takeRange(range: NameRange): Promise<Position | undefined> {
    const { pattern, limit } = this.#request
    for (let after: number | undefined = range.after; after !== undefined; ) {
      if (this.#isOver()) return { nameId: after, folderId: undefined }
      await letOthersRun()
      const { names, next } = await this.#options.store.matchNames(pattern, { ...range, after }, limit - this.#groups.length)
      for (const { id } of names) {
        const position = await this.#takeFiles(id, 0)
        if (position !== undefined) return position
      }
      after = next
    }
    return undefined
  }

  /** Takes the files of one name, in folders after the given one. */
  async #takeFiles(nameId: number, afterFolder: number): Promise<Position | undefined> {
    for (let after = afterFolder; ; ) {
      const rows = await this.#options.store.versionsOfName(nameId, { afterFolder: after, limit: VERSIONS_AT_ONCE })
      const groups = [...Map.groupBy(rows, ({ folder_id: id }) => id)].map(([folderId, versions]) => ({ nameId, folderId, versions }))
      // The last one may be cut; if it is the only one, it has more versions than anybody looks at.
      const isCut = rows.length === VERSIONS_AT_ONCE
      if (isCut && groups.length > 1) groups.pop()
      for (const group of groups) {
        this.#groups.push(group)
        after = group.folderId
        if (this.#groups.length >= this.#request.limit) return { nameId, folderId: after }
      }
      if (!isCut) return undefined
      if (this.#isOver()) return { nameId, folderId: after }
    }
  }

  #isOver(): boolean {
    return this.#groups.length >= this.#request.limit || this.#options.clock.now() > this.#until
  }
}

type SnapshotsBySeries = ReadonlyMap<number, readonly IndexedSnapshot[]>
type VersionWithSnapshots = {
  readonly row: SearchVersionRow
  readonly first: IndexedSnapshot
  readonly last: IndexedSnapshot
  readonly count: number
}

/** Versions with the snapshots that hold them; those that none holds, since it is being taken in or out, are left out. */
function withSnapshots(rows: readonly SearchVersionRow[], snapshots: SnapshotsBySeries): VersionWithSnapshots[] {
  return rows.flatMap((row) => {
    const series = snapshots.get(row.series_id) ?? []
    const begin = firstAtLeast(series, row.first_seq)
    const end = firstAtLeast(series, row.last_seq + 1)
    const [first, last] = [series[begin], series[end - 1]]
    return first === undefined || last === undefined || end <= begin ? [] : [{ row, first, last, count: end - begin }]
  })
}

function firstAtLeast(series: readonly IndexedSnapshot[], seq: number): number {
  let [low, high] = [0, series.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((series[middle]?.seq ?? 0) < seq) low = middle + 1
    else high = middle
  }
  return low
}

function later(a: VersionWithSnapshots | undefined, b: VersionWithSnapshots): VersionWithSnapshots {
  return a !== undefined && a.last.time >= b.last.time ? a : b
}

function toVersion({ row, first, last, count }: VersionWithSnapshots): FileVersion {
  const kind = KINDS[row.kind] ?? 'other'
  const time = new Date(row.modified_at)
  const isShown = time.getTime() > Date.parse('0001-01-01T00:00:00Z') && time.getUTCFullYear() < 10_000
  return {
    kind,
    sizeBytes: kind === 'file' ? row.size_bytes : null,
    modifiedAt: isShown ? time.toISOString() : null,
    first: { id: first.id, time: new Date(first.time).toISOString() },
    last: { id: last.id, time: new Date(last.time).toISOString() },
    snapshotCount: count,
  }
}

/** The same version in several series, two plans that back up the same folder say, is one. */
function mergeSame(versions: readonly FileVersion[]): FileVersion[] {
  const merged = new Map<string, FileVersion>()
  for (const version of versions) {
    const key = `${version.kind} ${version.sizeBytes} ${version.kind === 'file' ? version.modifiedAt : ''}`
    const other = merged.get(key)
    merged.set(key, other === undefined ? version : united(other, version))
  }
  return [...merged.values()]
}

function united(a: FileVersion, b: FileVersion): FileVersion {
  const first = a.first.time <= b.first.time ? a.first : b.first
  const last = a.last.time >= b.last.time ? a.last : b.last
  return { ...a, first, last, snapshotCount: a.snapshotCount + b.snapshotCount }
}

function parsePosition(cursor: string): Position {
  const [, nameId, folderId] = /^(\d{1,15})\.(\d{0,15})$/.exec(cursor) ?? []
  if (nameId === undefined) throw new ServerError('request.invalid', 'Cannot take the request: the cursor is none that a page gave')
  return { nameId: Number(nameId), folderId: folderId ? Number(folderId) : undefined }
}
