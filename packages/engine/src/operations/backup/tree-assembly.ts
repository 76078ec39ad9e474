import type { BlobId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import { encodeNode, encodeTree } from '../../format/tree.ts'
import type { SavedBlob } from '../../repository/repository-writer.ts'
import type { FolderEntry } from './backup-tasks.ts'

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
  readonly saveTree: (json: Buffer) => Promise<SavedBlob>
  readonly onFolder: () => void
}

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

  /** Fills the holes of a folder at some positions; undefined or empty means that the entry is left out. Stores what is complete then. */
  async fill(folder: OpenFolder, nodes: readonly { readonly position: number; readonly json: string | undefined }[]): Promise<void> {
    for (const { position, json } of nodes) folder.entries[position] = json
    folder.holes -= nodes.length
    let complete = folder
    while (complete.holes === 0) {
      const json = await this.#save(complete)
      const { parent } = complete
      if (parent === undefined) return
      parent.folder.entries[parent.position] = json
      parent.folder.holes--
      complete = parent.folder
    }
  }

  async #save(folder: OpenFolder): Promise<string> {
    const entries = folder.entries.filter((json) => json !== undefined)
    folder.entries = []
    // The tree is complete and must be stored exactly once, whatever becomes of the count.
    folder.holes = -1
    const tree = encodeTree(entries)
    const saved = await this.#options.saveTree(tree)
    if (saved.isNew) {
      this.counts.treeBlobs++
      this.counts.treeBytesAdded += tree.length
      this.counts.treeBytesStored += saved.storedBytes
    }
    if (folder.entry === undefined) {
      this.rootTree = saved.id
      this.isEmpty = entries.length === 0
      return ''
    }
    const json = encodeNode(withTree(folder.entry.node, saved.id))
    this.#count(folder.entry, json)
    return json
  }

  #count(entry: FolderEntry, json: string): void {
    if (entry.previousNode === undefined) this.counts.foldersNew++
    else if (entry.previousNode === json) this.counts.foldersUnmodified++
    else this.counts.foldersChanged++
    this.#options.onFolder()
  }
}

function withTree(node: TreeNode, subtree: BlobId): TreeNode {
  return { ...node, subtree }
}
