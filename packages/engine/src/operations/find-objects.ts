import { EngineError, isEngineError } from '../errors.ts'
import { type ByteString, byteStringOf } from '../format/byte-string.ts'
import type { BlobId, PackId } from '../format/ids.ts'
import type { BlobType } from '../format/pack-header.ts'
import type { StoredSnapshot } from '../format/snapshot.ts'
import type { BlobLocation } from '../repository/blob-index.ts'
import type { IndexedRepository } from '../repository/indexed-repository.ts'
import { readPackHeader } from '../repository/pack-tail.ts'
import { type BrokenTree, type WalkedNode, walkTree } from '../snapshots/tree-walker.ts'
import type { CallOptions } from '../storage/storage.ts'

/** Ids of blobs and trees, or the first digits of ids. */
export interface WantedObjects {
  readonly blobs: ReadonlySet<string>
  readonly trees: ReadonlySet<string>
}

/** A place in a snapshot where a blob or a tree is used. */
export interface FoundObject {
  readonly kind: 'blob' | 'tree'
  readonly id: BlobId
  readonly path: ByteString
  /** The tree with the file that the blob belongs to; absent for trees. */
  readonly parentTree?: BlobId
  readonly snapshot: StoredSnapshot
}

/** Where a blob is stored. */
export interface ObjectLocation extends BlobLocation {
  readonly packId: PackId
}

export interface FindObjectsOptions extends CallOptions, WantedObjects {
  /** Told of folders that cannot be read, which are passed over; when absent the first of them ends the search. */
  readonly onBroken?: (snapshot: StoredSnapshot, broken: BrokenTree) => void
}

const ID_START = /^[0-9a-f]{4,64}$/

/**
 * Finds the files and folders of each snapshot that use a blob or a tree. A file that uses a blob twice is given twice.
 *
 * @throws EngineError `input.invalid` for what cannot be the beginning of an id, `data.*`, `storage.*`
 */
export async function* findObjects(
  indexed: IndexedRepository,
  snapshots: readonly StoredSnapshot[],
  options: FindObjectsOptions,
): AsyncGenerator<FoundObject> {
  const isWantedBlob = idMatcher(options.blobs)
  const isWantedTree = idMatcher(options.trees)
  for (const snapshot of snapshots) {
    if (isWantedTree(snapshot.tree)) yield { kind: 'tree', id: snapshot.tree, path: byteStringOf('/'), snapshot }
    for await (const { path, node, parentTree } of walkSnapshot(indexed, snapshot, options)) {
      if (node.subtree !== undefined && isWantedTree(node.subtree)) yield { kind: 'tree', id: node.subtree, path, snapshot }
      if (node.type !== 'file') continue
      for (const id of node.content ?? []) if (isWantedBlob(id)) yield { kind: 'blob', id, path, parentTree, snapshot }
    }
  }
}

/**
 * What is in the given packs, as their own headers say or, where those cannot be read, the index.
 *
 * @throws EngineError `data.missing` naming the packs of which nothing is known, `input.invalid`, `storage.*`
 */
export async function objectsOfPacks(
  indexed: IndexedRepository,
  packs: readonly string[],
  options: CallOptions = {},
): Promise<WantedObjects> {
  const objects: Record<BlobType, Set<string>> = { data: new Set(), tree: new Set() }
  const unread = new Set(packs)
  const isWanted = idMatcher(unread)
  const { storage, sealer } = indexed.repository
  for await (const { name, sizeBytes } of storage.list('data', options)) {
    if (!isWanted(name)) continue
    try {
      const blobs = await readPackHeader(storage, { id: name as PackId, sizeBytes }, { ...options, sealer })
      for (const { type, id } of blobs) objects[type].add(id)
      settle(unread, name)
    } catch (error) {
      if (!isEngineError(error, 'data.damaged', 'data.malformed')) throw error
    }
  }
  if (unread.size > 0) addFromIndex(indexed, { unread, objects })
  if (unread.size > 0) throw new EngineError('data.missing', `Cannot find packs: nothing is known of ${[...unread].sort().join(', ')}`)
  return { blobs: objects.data, trees: objects.tree }
}

/** All places where a blob is stored; none where the index does not have it. */
export function locateObject(indexed: IndexedRepository, type: BlobType, id: BlobId): ObjectLocation[] {
  return indexed.index.findAll(type, id).map((place) => ({ ...place, packId: indexed.packOf(place) }))
}

function walkSnapshot(
  indexed: IndexedRepository,
  snapshot: StoredSnapshot,
  { signal, onBroken }: FindObjectsOptions,
): AsyncGenerator<WalkedNode> {
  return walkTree(indexed, snapshot.tree, {
    signal,
    ...(onBroken === undefined ? {} : { onBroken: (broken: BrokenTree) => onBroken(snapshot, broken) }),
  })
}

function addFromIndex(
  indexed: IndexedRepository,
  { unread, objects }: { readonly unread: Set<string>; readonly objects: Record<BlobType, Set<string>> },
): void {
  const isWanted = idMatcher(new Set(unread))
  const wantedPacks = new Set(indexed.packs.ids().flatMap((id, number) => (isWanted(id) ? [number] : [])))
  for (const blob of indexed.index) {
    if (!wantedPacks.has(blob.pack)) continue
    objects[blob.type].add(blob.id)
    settle(unread, indexed.packOf(blob))
  }
}

/** Takes out the beginnings that a whole id fulfils. */
function settle(starts: Set<string>, id: string): void {
  for (const start of starts) if (id.startsWith(start)) starts.delete(start)
}

/** Whole ids, of which there may be many, are looked up; only beginnings are compared one by one. */
function idMatcher(starts: ReadonlySet<string>): (id: string) => boolean {
  for (const start of starts) {
    if (!ID_START.test(start)) {
      throw new EngineError(
        'input.invalid',
        `Cannot find ${JSON.stringify(start.slice(0, 80))}: not the beginning of an id (four digits or more)`,
      )
    }
  }
  const whole = new Set([...starts].filter((start) => start.length === 64))
  const shortened = [...starts].filter((start) => start.length < 64)
  return (id) => whole.has(id) || shortened.some((start) => id.startsWith(start))
}
