import { EngineError, isEngineError } from '../errors.ts'
import { type ByteString, byteStringOf, displayText, joinBytes } from '../format/byte-string.ts'
import type { BlobId } from '../format/ids.ts'
import type { Tree, TreeNode } from '../format/node.ts'
import type { CallOptions } from '../storage/storage.ts'
import { type ReadTree, TreeReadAhead } from './tree-read-ahead.ts'

/** What walking needs of an indexed repository. */
export interface TreeReader {
  readTree(id: BlobId, options?: CallOptions): Promise<Tree>
}

/** One node of a snapshot, with where it is. */
export interface WalkedNode {
  /** From the root of the walk, with a slash before each name. */
  readonly path: ByteString
  readonly node: TreeNode
  /** The tree that holds the node. */
  readonly parentTree: BlobId
}

/** A folder whose tree cannot be read. */
export interface BrokenTree {
  readonly path: ByteString
  /** Undefined where the folder names no tree. */
  readonly id: BlobId | undefined
  readonly error: EngineError
}

export interface WalkOptions extends CallOptions {
  /** What the paths begin with; `/` unless told otherwise. */
  readonly rootPath?: ByteString
  /**
   * Asked once for each folder whether its content is wanted. It is asked ahead of the walk, so that what is skipped is never read, but
   * never before the answer for the folder that holds it.
   */
  readonly enter?: (entry: WalkedNode) => boolean
  /** Called when the walk leaves a folder that it has entered, after everything in it and before what follows. Not called for the root. */
  readonly onLeave?: (entry: WalkedNode) => void
  /** Told of folders that cannot be read, which are passed over; when absent the first of them ends the walk. */
  readonly onBroken?: (broken: BrokenTree) => void
}

/** Folders below folders; a path of Linux has at most 4096 bytes, so 2048 components. */
const MAX_DEPTH = 2048

/** A folder that the walk is in, or that is read ahead. */
interface Folder {
  readonly path: ByteString
  /** Undefined where the folder names no tree. */
  readonly tree: BlobId | undefined
  /** The node of this folder; undefined for the root. */
  readonly entry: WalkedNode | undefined
  readonly parent: Folder | undefined
  readonly depth: number
}

/** A folder that the walk is in. */
interface OpenFolder {
  readonly folder: Folder
  readonly tree: BlobId
  readonly nodes: readonly TreeNode[]
  /** Position of the next node. */
  next: number
}

/**
 * Goes through everything below `root`, a folder's node before what it holds, each folder in its stored order: the order in which restic
 * lists. Trees are read ahead, several at once. Memory grows with the depth and with the largest folders, not with the snapshot.
 *
 * @throws EngineError `data.malformed` where a folder has no tree, contains itself or is nested beyond all bounds; what reading throws
 */
export async function* walkTree(reader: TreeReader, root: BlobId, options: WalkOptions = {}): AsyncGenerator<WalkedNode> {
  const walk = new TreeWalk(reader, options)
  try {
    await walk.begin(root)
    for (let open = walk.open; open !== undefined; open = walk.open) {
      options.signal?.throwIfAborted()
      const position = open.next++
      const node = open.nodes[position]
      if (node === undefined) {
        walk.leave(open)
        continue
      }
      yield entryIn(open.folder, node)
      if (node.type === 'dir') await walk.enter(open, position)
    }
  } finally {
    walk.stop()
  }
}

/**
 * The node at `path` below `root`; undefined for the root itself, which no node describes. Empty components and `.` count for nothing.
 *
 * @throws EngineError `path.not-found` where there is no such node, or one on the way is no folder
 */
export async function findNode(
  reader: TreeReader,
  root: BlobId,
  options: CallOptions & { readonly path: ByteString },
): Promise<TreeNode | undefined> {
  const { path, ...callOptions } = options
  let found: TreeNode | undefined
  for (const name of componentsOf(path)) {
    if (found !== undefined && found.subtree === undefined) throw notFound(path, `${quoted(found.name)} is not a folder`)
    const tree = await reader.readTree(found?.subtree ?? root, callOptions)
    found = tree.nodes.find((node) => node.name === name)
    if (found === undefined) throw notFound(path, `there is no ${quoted(name)}`)
  }
  return found
}

/**
 * The tree of the folder that `subfolder` names below `root`, as in `4bba301e:home/work`; the root's own where it is empty.
 *
 * @throws EngineError `path.not-found`
 */
export async function findSubtree(
  reader: TreeReader,
  root: BlobId,
  options: CallOptions & { readonly subfolder: string },
): Promise<BlobId> {
  const { subfolder, ...callOptions } = options
  const path = byteStringOf(subfolder)
  const node = await findNode(reader, root, { ...callOptions, path })
  if (node === undefined) return root
  if (node.type !== 'dir' || node.subtree === undefined) throw notFound(path, 'it is not a folder')
  return node.subtree
}

class TreeWalk {
  readonly #reader: TreeReader
  readonly #options: WalkOptions
  readonly #callOptions: CallOptions
  readonly #ahead: TreeReadAhead<Folder>
  readonly #open: OpenFolder[] = []

  constructor(reader: TreeReader, options: WalkOptions) {
    this.#reader = reader
    this.#options = options
    this.#callOptions = { signal: options.signal }
    this.#ahead = new TreeReadAhead({
      folderAt: (parent, node) => this.#folderAt(parent, node),
      read: (folder) => this.#read(folder),
    })
  }

  /** The innermost open folder; undefined at the end of the walk. */
  get open(): OpenFolder | undefined {
    return this.#open.at(-1)
  }

  async begin(tree: BlobId): Promise<void> {
    const root = { path: this.#options.rootPath ?? byteStringOf('/'), tree, entry: undefined, parent: undefined, depth: 0 }
    const read = await this.#read(root)
    if ('tree' in read) this.#ahead.begin(root, read.tree.nodes)
    this.#push(root, read)
  }

  async enter({ folder }: OpenFolder, position: number): Promise<void> {
    const taken = await this.#ahead.take(folder, position)
    if (taken !== undefined) this.#push(taken.folder, taken.read)
  }

  leave({ folder }: OpenFolder): void {
    this.#open.pop()
    this.#ahead.leave(folder)
    if (folder.entry !== undefined) this.#options.onLeave?.(folder.entry)
  }

  stop(): void {
    this.#ahead.stop()
  }

  #push(folder: Folder, read: ReadTree): void {
    const { path, tree } = folder
    if ('error' in read) {
      this.#ahead.leave(folder)
      this.#reportBroken(read.error, { path, id: tree })
    } else if (tree !== undefined) this.#open.push({ folder, tree, nodes: read.tree.nodes, next: 0 })
  }

  #folderAt(parent: Folder, node: TreeNode): Folder | undefined {
    if (node.type !== 'dir') return undefined
    const entry = entryIn(parent, node)
    if (this.#options.enter?.(entry) === false) return undefined
    return { path: entry.path, tree: node.subtree, entry, parent, depth: parent.depth + 1 }
  }

  async #read(folder: Folder): Promise<ReadTree> {
    const { path, tree, depth } = folder
    if (tree === undefined) return { error: malformedFolder(path, 'it names no tree') }
    if (isWithinItself(folder)) return { error: malformedFolder(path, 'it contains itself') }
    if (depth > MAX_DEPTH) return { error: malformedFolder(path, `more than ${MAX_DEPTH} folders are nested`) }
    try {
      return { tree: await this.#reader.readTree(tree, this.#callOptions) }
    } catch (error) {
      return { error }
    }
  }

  #reportBroken(error: unknown, tree: Omit<BrokenTree, 'error'>): void {
    const { onBroken } = this.#options
    if (onBroken === undefined || !isDamage(error)) throw error
    onBroken({ ...tree, error })
  }
}

/** A node of a folder that was read, so names a tree. */
function entryIn({ path, tree }: Folder, node: TreeNode): WalkedNode {
  return { path: joinBytes(path, node.name), node, parentTree: tree as BlobId }
}

function isWithinItself({ tree, parent }: Folder): boolean {
  for (let above = parent; above !== undefined; above = above.parent) if (above.tree === tree) return true
  return false
}

/** Whether a failure to read something means that it is lost, as opposed to a storage that does not answer or a call that was cancelled. */
export function isDamage(error: unknown): error is EngineError {
  const isBad = isEngineError(error, 'data.damaged', 'data.malformed', 'data.missing', 'repository.too-large')
  // The index names a pack that is not there, or is shorter than it says.
  return isBad || isEngineError(error, 'storage.not-found', 'storage.range')
}

function componentsOf(path: ByteString): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}

/** The failure of a folder that does not have the form it must have. */
export function malformedFolder(path: ByteString, state: string): EngineError {
  return new EngineError('data.malformed', `Cannot read folder ${quoted(path)}: ${state}`)
}

function notFound(path: ByteString, state: string): EngineError {
  return new EngineError('path.not-found', `Cannot find ${quoted(path)} in the snapshot: ${state}`)
}

/** A path for messages; a hostile one may be of any length. */
function quoted(path: ByteString | string): string {
  return JSON.stringify(displayText(path.slice(0, 300) as ByteString))
}
