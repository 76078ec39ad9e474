import { type BlobId, byteStringOf, encodeNode, encodeTree, type TreeNode, timestampFromMs } from '@holdfast/engine'

/** Go's bit for folders, and rwx for their owner. */
const FOLDER_MODE = (0x8000_0000 | 0o700) >>> 0

interface FolderEntry {
  readonly name: string
  readonly json: string
}

/** The folders of a snapshot in the making, from the files that lie in them. */
export class SnapshotFolders {
  /** By depth, and in that by path; the root has depth 0. */
  readonly #levels: Map<string, FolderEntry[]>[] = [new Map([['', []]])]
  #newestMs = 0

  /** Puts a file where `path`, absolute and with slashes, says. `node` is what a tree has of it; its name is of no account. */
  add(path: string, { node, modifiedAt }: { readonly node: TreeNode; readonly modifiedAt: number }): void {
    const end = path.lastIndexOf('/')
    this.#append(path.slice(0, end), { ...node, name: byteStringOf(path.slice(end + 1)) })
    this.#newestMs = Math.max(this.#newestMs, modifiedAt)
  }

  /** Stores all folders by `saveTree`, each when all that are in it are stored. Gives the root. */
  async save(saveTree: (content: Buffer) => Promise<BlobId>): Promise<BlobId> {
    for (let depth = this.#levels.length - 1; depth > 0; depth--) {
      for (const [path, entries] of this.#levels[depth] ?? []) {
        const subtree = await saveTree(treeOf(entries))
        const end = path.lastIndexOf('/')
        this.#append(path.slice(0, end), folderNode(path.slice(end + 1), { subtree, modifiedAt: this.#newestMs }))
      }
      this.#levels.pop()
    }
    return saveTree(treeOf(this.#levels[0]?.get('') ?? []))
  }

  #append(folder: string, node: TreeNode): void {
    const entry = { name: node.name, json: encodeNode(node) }
    const depth = folder.split('/').length - 1
    while (this.#levels.length <= depth) this.#levels.push(new Map())
    const level = this.#levels[depth]
    const entries = level?.get(folder)
    if (entries === undefined) level?.set(folder, [entry])
    else entries.push(entry)
  }
}

/** The node of a file that was uploaded. */
export function fileNode({ sizeBytes, modifiedAt }: UploadedFacts, content: readonly BlobId[]): TreeNode {
  return { name: byteStringOf(''), type: 'file', mode: 0o600, ...timesOf(modifiedAt), uid: 0, gid: 0, size: sizeBytes, content }
}

interface UploadedFacts {
  readonly sizeBytes: number
  readonly modifiedAt: number
}

function folderNode(name: string, { subtree, modifiedAt }: { readonly subtree: BlobId; readonly modifiedAt: number }): TreeNode {
  return { name: byteStringOf(name), type: 'dir', mode: FOLDER_MODE, ...timesOf(modifiedAt), uid: 0, gid: 0, content: null, subtree }
}

/** Names are bytes, one character each, so that this is their order. */
function treeOf(entries: readonly FolderEntry[]): Buffer {
  return encodeTree(entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(({ json }) => json))
}

function timesOf(at: number): Pick<TreeNode, 'mtime' | 'atime' | 'ctime'> {
  const time = timestampFromMs(at)
  return { mtime: time, atime: time, ctime: time }
}
