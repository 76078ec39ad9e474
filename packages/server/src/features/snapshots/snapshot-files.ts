import { hash } from 'node:crypto'
import {
  type BlobId,
  type ByteString,
  contentBytes,
  describeMode,
  dumpFile,
  dumpTar,
  dumpZip,
  type IndexedRepository,
  type Timestamp,
  type TreeNode,
  timestampToMs,
} from '@holdfast/engine'
import type {
  DiffPage,
  DiffQuery,
  EntriesPage,
  EntriesQuery,
  EntryDetails,
  Place,
  PlaceQuery,
  SnapshotChange,
  SnapshotEntry,
} from '@holdfast/protocol'
import { notFound, ServerError } from '../../errors.ts'
import type { UserActor } from '../../http/actor.ts'
import type { FolderCache } from './folder-cache.ts'
import { kindOf, type ListedEntry } from './folder-listing.ts'
import type { SnapshotRepositories } from './repositories.ts'
import { addressOf, beginningWith, namesOf, pathOfAddress, pathOfNames, pathWithin, readableName } from './snapshot-path.ts'
import type { Snapshots } from './snapshots.ts'
import { isSameContent, type TreeChange, treeChanges } from './tree-changes.ts'

export interface SnapshotFilesOptions {
  readonly snapshots: Pick<Snapshots, 'visible'>
  readonly repositories: Pick<SnapshotRepositories, 'read'>
  readonly folders: FolderCache
}

/** A file of a snapshot, ready to be read. */
export interface SnapshotFile {
  readonly name: ByteString
  readonly sizeBytes: number
  /** Names the content: the same for the same bytes. */
  readonly tag: string
  readonly modifiedAtMs: number
  /** The content, or the part of it. Whoever stops early leaves nothing running. */
  read(options: { readonly range?: ByteSpan | undefined; readonly signal: AbortSignal }): AsyncGenerator<Buffer, void>
}

/** Consecutive bytes of a file. */
export interface ByteSpan {
  readonly offset: number
  readonly length: number
}

/** An archive of parts of a snapshot, ready to be made. */
export interface SnapshotArchive {
  /** Without an extension. */
  readonly name: ByteString
  read(signal: AbortSignal): AsyncGenerator<Buffer, void>
}

/** Entries that one page of a comparison looks at: what is left waits for the next page, so that no request takes long. */
const COMPARED_ENTRIES_MAX = 100_000
/** The first moment of Go's calendar, which restic writes for a time that it does not know. */
const YEAR_ONE_MS = Date.parse('0001-01-01T00:00:00Z')
const YEAR_10000_MS = Date.UTC(10_000, 0, 1)

interface OpenSnapshot {
  readonly root: BlobId
  readonly indexed: IndexedRepository
}

/** What is in snapshots: folders, files, archives, and how two snapshots differ. */
export class SnapshotFiles {
  readonly #options: SnapshotFilesOptions

  constructor(options: SnapshotFilesOptions) {
    this.#options = options
  }

  /** One page of a folder. @throws {ServerError} `not-found`, `request.invalid` for what is no folder */
  async entries(actor: UserActor, id: number, query: EntriesQuery): Promise<EntriesPage> {
    const { folders } = this.#options
    const snapshot = await this.#open(actor, id)
    const names = namesOf(pathOfAddress(query.path))
    const folder = pathOfNames(names)
    const listing = await folders.listing(snapshot.indexed, await this.#treeAt(snapshot, names))
    const offset = query.cursor === undefined ? (query.offset ?? 0) : parseOffset(query.cursor)
    const items = listing.page({ sort: query.sort, order: query.order, offset, limit: query.limit })
    const end = offset + items.length
    folders.readAhead(
      snapshot.indexed,
      items.flatMap(({ subtree }) => subtree ?? []),
    )
    return {
      path: addressOf(folder),
      count: listing.count,
      items: items.map((entry) => toEntry(folder, entry)),
      next: end < listing.count && items.length > 0 ? String(end) : null,
    }
  }

  /** Where in the order of a folder an entry is. @throws {ServerError} `not-found`, `request.invalid` for what is no folder */
  async place(actor: UserActor, id: number, { path, entry, prefix, from, ...order }: PlaceQuery): Promise<Place> {
    const snapshot = await this.#open(actor, id)
    const tree = await this.#treeAt(snapshot, namesOf(pathOfAddress(path)))
    const listing = await this.#options.folders.listing(snapshot.indexed, tree)
    const name = entry === undefined ? undefined : namesOf(pathOfAddress(entry)).at(-1)
    if (name !== undefined) return { place: listing.placeOf(name, order) ?? null }
    if (prefix === undefined) throw invalid('neither an entry nor a prefix is asked for')
    return { place: (await listing.placeWhere(beginningWith(prefix), { ...order, from })) ?? null }
  }

  /** Everything that the snapshot says of one entry. @throws {ServerError} `not-found` */
  async details(actor: UserActor, id: number, address: string): Promise<EntryDetails> {
    const { node, folder } = await this.#nodeAt(await this.#open(actor, id), address)
    return toDetails(folder, node)
  }

  /** A file. @throws {ServerError} `not-found`, `request.invalid` for what is no file */
  async file(actor: UserActor, id: number, address: string): Promise<SnapshotFile> {
    const snapshot = await this.#open(actor, id)
    const { node } = await this.#nodeAt(snapshot, address)
    if (node.type !== 'file') throw invalid(`"${readableName(node.name)}" is not a file`)
    const content = node.content ?? []
    return {
      name: node.name,
      sizeBytes: contentBytes(snapshot.indexed, content),
      tag: tagOf(content),
      modifiedAtMs: timestampToMs(node.mtime),
      read: ({ range, signal }) => dumpFile(snapshot.indexed, content, { signal, ...(range === undefined ? {} : { range }) }),
    }
  }

  /** An archive of files and folders, with paths below the folder that holds them all. @throws {ServerError} `not-found` */
  async archive(
    actor: UserActor,
    id: number,
    { path, format }: { readonly path: readonly string[]; readonly format: 'zip' | 'tar' },
  ): Promise<SnapshotArchive> {
    const snapshot = await this.#open(actor, id)
    const chosen = path.map((address) => namesOf(pathOfAddress(address)))
    for (const names of chosen) await this.#options.folders.find(snapshot.indexed, snapshot.root, names)
    const base = commonFolder(chosen)
    const tree = await this.#treeAt(snapshot, base)
    const isWhole = chosen.some((names) => names.length === base.length)
    const paths = chosen.map((names) => pathOfNames(names.slice(base.length)))
    const dump = format === 'zip' ? dumpZip : dumpTar
    return {
      name: (chosen.length === 1 ? chosen[0]?.at(-1) : base.at(-1)) ?? (`snapshot-${id}` as ByteString),
      read: (signal) => dump(snapshot.indexed, tree, { signal, ...(isWhole ? {} : { paths }) }),
    }
  }

  /** One page of what differs between two snapshots, both of which the actor may see. They may be of two repositories' clients. */
  async diff(actor: UserActor, ids: { readonly from: number; readonly to: number }, query: DiffQuery): Promise<DiffPage> {
    const [before, after] = [await this.#open(actor, ids.from), await this.#open(actor, ids.to)]
    if (before.indexed.repository.config.id !== after.indexed.repository.config.id) throw invalid('the snapshots are of two repositories')
    const names = namesOf(pathOfAddress(query.path))
    const [from, to] = [await this.#treeIfThere(before, names), await this.#treeIfThere(after, names)]
    if (from === undefined && to === undefined) throw notFound(`the folder "${readableName(pathOfNames(names))}" in the snapshots`)
    const resume = query.cursor === undefined ? [] : namesOf(pathOfAddress(query.cursor)).slice(names.length)
    const items: SnapshotChange[] = []
    let [visits, last] = [0, pathOfNames(names)]
    const onVisit = (path: ByteString): boolean => {
      last = path
      return ++visits < COMPARED_ENTRIES_MAX
    }
    for await (const change of treeChanges(after.indexed, { from, to, rootPath: last, after: resume, expand: false, onVisit })) {
      const shown = toChange(change)
      if (query.change?.includes(shown.change) === false) continue
      items.push(shown)
      if (items.length >= query.limit) return { items, next: addressOf(last) }
    }
    return { items, next: visits < COMPARED_ENTRIES_MAX ? null : addressOf(last) }
  }

  async #open(actor: UserActor, id: number): Promise<OpenSnapshot> {
    const { snapshots, repositories } = this.#options
    const { repository_id: repositoryId, tree_id: root } = await snapshots.visible(actor, id)
    return { root, indexed: await repositories.read(repositoryId, { tree: root }) }
  }

  async #treeAt({ indexed, root }: OpenSnapshot, names: readonly ByteString[]): Promise<BlobId> {
    const found = await this.#options.folders.find(indexed, root, names)
    if (found === undefined) return root
    if (found.kind !== 'dir' || found.subtree === undefined) throw invalid(`"${readableName(found.name)}" is not a folder`)
    return found.subtree
  }

  async #treeIfThere(snapshot: OpenSnapshot, names: readonly ByteString[]): Promise<BlobId | undefined> {
    try {
      return await this.#treeAt(snapshot, names)
    } catch (error) {
      if (error instanceof ServerError && error.status < 500) return undefined
      throw error
    }
  }

  async #nodeAt(snapshot: OpenSnapshot, address: string): Promise<{ readonly node: TreeNode; readonly folder: ByteString }> {
    const names = namesOf(pathOfAddress(address))
    const name = names.at(-1)
    if (name === undefined) throw invalid('the root of a snapshot is no entry of a folder')
    const folder = names.slice(0, -1)
    const node = await this.#options.folders.node(snapshot.indexed, await this.#treeAt(snapshot, folder), name)
    if (node !== undefined) return { node, folder: pathOfNames(folder) }
    throw notFound(`"${readableName(name)}" in the snapshot`)
  }
}

/** The deepest folder that holds everything chosen. */
function commonFolder(chosen: readonly (readonly ByteString[])[]): readonly ByteString[] {
  let common = chosen[0]?.slice(0, -1) ?? []
  for (const names of chosen) {
    const folder = names.slice(0, -1)
    const length = common.findIndex((name, index) => folder[index] !== name)
    common = length < 0 ? common : common.slice(0, length)
  }
  return common
}

function tagOf(content: readonly BlobId[]): string {
  return hash('sha256', content.join(''), 'base64url')
}

function toEntry(folder: ByteString, { name, kind, sizeBytes, modifiedAtMs }: ListedEntry): SnapshotEntry {
  return { path: addressOf(pathWithin(folder, name)), name: readableName(name), kind, sizeBytes, modifiedAt: timeText(modifiedAtMs) }
}

function toDetails(folder: ByteString, node: TreeNode): EntryDetails {
  const entry: ListedEntry = {
    name: node.name,
    kind: kindOf(node.type),
    sizeBytes: sizeOf(node),
    modifiedAtMs: timestampToMs(node.mtime),
    subtree: undefined,
  }
  return {
    ...toEntry(folder, entry),
    mode: describeMode(node.type, node.mode ?? 0),
    user: readableName((node.user ?? '') as ByteString),
    group: readableName((node.group ?? '') as ByteString),
    userId: node.uid,
    groupId: node.gid,
    accessedAt: timeOf(node.atime),
    changedAt: timeOf(node.ctime),
    linkTarget: node.linktarget === undefined ? null : readableName(node.linktarget),
    links: node.links ?? null,
    blobCount: node.content?.length ?? null,
    attributes: (node.extended_attributes ?? []).slice(0, 1000).map(({ name }) => name),
  }
}

function toChange({ path, before, after }: TreeChange): SnapshotChange {
  const node = after ?? before
  return {
    path: addressOf(path),
    name: readableName(node?.name ?? ('' as ByteString)),
    change: changeOf(before, after),
    kind: kindOf(node?.type ?? 'file'),
    sizeBefore: before === undefined ? null : sizeOf(before),
    sizeAfter: after === undefined ? null : sizeOf(after),
    modifiedBefore: before === undefined ? null : timeOf(before.mtime),
    modifiedAfter: after === undefined ? null : timeOf(after.mtime),
  }
}

function changeOf(before: TreeNode | undefined, after: TreeNode | undefined): SnapshotChange['change'] {
  if (before === undefined) return 'added'
  if (after === undefined) return 'removed'
  if (before.type !== after.type) return 'type'
  return isSameContent(before, after) ? 'metadata' : 'modified'
}

function sizeOf({ type, size = 0 }: TreeNode): number | null {
  return type === 'file' ? size : null
}

function timeOf(time: Timestamp): string | null {
  return timeText(timestampToMs(time))
}

/** Null for times that a file system may hold and the calendar of the answer does not. */
function timeText(ms: number): string | null {
  if (ms <= YEAR_ONE_MS || ms >= YEAR_10000_MS) return null
  return new Date(ms).toISOString()
}

function parseOffset(cursor: string): number {
  if (!/^\d{1,12}$/.test(cursor)) throw invalid('the cursor is none that a page gave')
  return Number(cursor)
}

function invalid(state: string): ServerError {
  return new ServerError('request.invalid', `Cannot take the request: ${state}`)
}
