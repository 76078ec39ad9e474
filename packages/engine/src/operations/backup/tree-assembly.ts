import type { BlobId } from '../../format/ids.ts'
import { encodeNode, encodeTree } from '../../format/tree.ts'
import type { SavedBlob } from '../../repository/repository-writer.ts'
import type { FinishedTree, FolderEntry } from './backup-tasks.ts'
import { actionOf, type BackupItem } from './item-log.ts'

/** Counts of folders and trees. */
export interface TreeCounts {
  foldersNew: number
  foldersChanged: number
  foldersUnmodified: number
  treeBlobs: number
  treeBytesAdded: number
  treeBytesStored: number
}

/** A folder whose entries are being read: their JSON, one or more neighbours each, and holes where something is still missing. */
export interface OpenFolder {
  readonly parent: { readonly folder: OpenFolder; readonly position: number } | undefined
  /** Absent for the root of the snapshot. */
  readonly entry: FolderEntry | undefined
  entries: (string | undefined)[]
  holes: number
}

export interface TreeAssemblyOptions {
  readonly saveTree: (json: Uint8Array) => Promise<SavedBlob>
  /** Told of each finished folder: how it compares with the parent snapshot, and what its tree adds. */
  readonly onFolder: (item: BackupItem) => void
}

/** In the place of the number of holes when the tree is made. */
const CLOSED = -1

/** Puts nodes into their folders, and stores the tree of each folder as soon as nothing is missing in it, up to the root. */
export class TreeAssembly {
  readonly counts: TreeCounts = {
    foldersNew: 0,
    foldersChanged: 0,
    foldersUnmodified: 0,
    treeBlobs: 0,
    treeBytesAdded: 0,
    treeBytesStored: 0,
  }
  /** The id of the root tree, when all is done. */
  rootTree: BlobId | undefined
  /** Whether nothing at all is in the root tree. */
  isEmpty = true
  readonly #options: TreeAssemblyOptions

  constructor(options: TreeAssemblyOptions) {
    this.#options = options
  }

  /** Closes a folder whose tree was made elsewhere, and all folders above it that are complete then. */
  async finish(folder: OpenFolder, tree: FinishedTree): Promise<void> {
    folder.holes = CLOSED
    const saved = tree.json === undefined ? { id: tree.id, isNew: false, storedBytes: 0 } : await this.#options.saveTree(tree.json)
    await this.#putIntoParent(folder, this.#close(folder, { saved, lengthBytes: tree.json?.length ?? 0, isEmpty: false }))
  }

  /** Fills the holes of a folder at some positions; undefined or empty means that the entry is left out. Stores what is complete then. */
  async fill(folder: OpenFolder, nodes: readonly { readonly position: number; readonly json: string | undefined }[]): Promise<void> {
    for (const { position, json } of nodes) folder.entries[position] = json
    folder.holes -= nodes.length
    if (folder.holes === 0) await this.#putIntoParent(folder, await this.#save(folder))
  }

  async #putIntoParent(child: OpenFolder, childNode: string): Promise<void> {
    let node = childNode
    for (let { parent } = child; parent !== undefined; parent = parent.folder.parent) {
      parent.folder.entries[parent.position] = node
      parent.folder.holes--
      if (parent.folder.holes > 0) return
      node = await this.#save(parent.folder)
    }
  }

  async #save(folder: OpenFolder): Promise<string> {
    const entries = folder.entries.filter((json) => json !== undefined)
    folder.entries = []
    // The tree is complete and must be stored exactly once, whatever becomes of the count.
    folder.holes = CLOSED
    const tree = encodeTree(entries)
    const saved = await this.#options.saveTree(tree)
    return this.#close(folder, { saved, lengthBytes: tree.length, isEmpty: entries.length === 0 })
  }

  /** Counts a stored tree and gives the node of its folder. */
  #close(folder: OpenFolder, tree: { readonly saved: SavedBlob; readonly lengthBytes: number; readonly isEmpty: boolean }): string {
    const { saved, lengthBytes } = tree
    if (saved.isNew) {
      this.counts.treeBlobs++
      this.counts.treeBytesAdded += lengthBytes
      this.counts.treeBytesStored += saved.storedBytes
    }
    if (folder.entry === undefined) {
      this.rootTree = saved.id
      this.isEmpty = tree.isEmpty
      return ''
    }
    const json = encodeNode({ ...folder.entry.node, subtree: saved.id })
    const added = saved.isNew ? { bytesAdded: lengthBytes, bytesStored: saved.storedBytes } : { bytesAdded: 0, bytesStored: 0 }
    this.#count(folder.entry, json, added)
    return json
  }

  #count(entry: FolderEntry, json: string, added: Pick<BackupItem, 'bytesAdded' | 'bytesStored'>): void {
    const action = actionOf(json, entry.previousNode)
    if (action === 'new') this.counts.foldersNew++
    else if (action === 'unchanged') this.counts.foldersUnmodified++
    else this.counts.foldersChanged++
    this.#options.onFolder({ path: entry.path, kind: 'folder', action, durationMs: 0, ...added })
  }
}
