import { EngineError, isEngineError } from '../errors.ts'
import { type ByteString, byteStringOf, displayText, joinBytes } from '../format/byte-string.ts'
import type { BlobId } from '../format/ids.ts'
import type { Tree, TreeNode } from '../format/node.ts'
import type { CallOptions } from '../storage/storage.ts'

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

/** How many of the folders that come next in each open folder are read ahead. */
const READ_AHEAD = 8

/** The most folders that are read ahead in all open folders together. */
const READ_AHEAD_IN_ALL = 256

/** A folder that the walk is in. */
interface OpenFolder {
  readonly path: ByteString
  readonly tree: BlobId
  readonly nodes: readonly TreeNode[]
  /** The node that holds this folder; undefined for the root. */
  readonly entry: WalkedNode | undefined
  /** Position of the next node. */
  next: number
  /** Position up to which folders were asked for. */
  askedUpTo: number
  readonly ahead: Map<number, Promise<ReadTree>>
}

/** Failures are values: a tree that is read ahead and never reached must not reject with nobody listening. */
type ReadTree = { readonly tree: Tree } | { readonly error: unknown }

/**
 * Goes through everything below `root`, a folder's node before what it holds, each folder in its stored order: the order in which restic
 * lists. Trees are read ahead. Memory grows with the depth and with the largest folders, not with the snapshot.
 *
 * @throws EngineError `data.malformed` where a folder has no tree, contains itself or is nested beyond all bounds; what reading throws
 */
export async function* walkTree(reader: TreeReader, root: BlobId, options: WalkOptions = {}): AsyncGenerator<WalkedNode> {
  const walk = new TreeWalk(reader, options)
  await walk.open(root)
  for (let folder = walk.folder; folder !== undefined; folder = walk.folder) {
    options.signal?.throwIfAborted()
    const position = folder.next++
    const node = folder.nodes[position]
    if (node === undefined) {
      walk.leave(folder)
      continue
    }
    const entry = walk.entryOf(folder, node)
    yield entry
    if (node.type === 'dir') await walk.enter(folder, { entry, position })
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
  readonly #open: OpenFolder[] = []
  readonly #openTrees = new Set<BlobId>()
  #aheadInAll = 0

  constructor(reader: TreeReader, options: WalkOptions) {
    this.#reader = reader
    this.#options = options
    this.#callOptions = { signal: options.signal }
  }

  /** The innermost open folder; undefined at the end of the walk. */
  get folder(): OpenFolder | undefined {
    return this.#open.at(-1)
  }

  async open(root: BlobId): Promise<void> {
    const path = this.#options.rootPath ?? byteStringOf('/')
    const read = await this.#read(root)
    if ('error' in read) this.#reportBroken(read.error, { path, id: root })
    else this.#push({ path, tree: root, nodes: read.tree.nodes, entry: undefined })
  }

  entryOf(folder: OpenFolder, node: TreeNode): WalkedNode {
    return { path: joinBytes(folder.path, node.name), node, parentTree: folder.tree }
  }

  async enter(folder: OpenFolder, at: { readonly entry: WalkedNode; readonly position: number }): Promise<void> {
    const { path, node } = at.entry
    if (folder.askedUpTo <= at.position) this.#askFor(folder, at.position)
    this.#readAhead(folder)
    const reading = folder.ahead.get(at.position)
    if (reading === undefined) return
    folder.ahead.delete(at.position)
    const read = await reading
    this.#aheadInAll--
    if ('error' in read) this.#reportBroken(read.error, { path, id: node.subtree })
    else if (node.subtree !== undefined) this.#push({ path, tree: node.subtree, nodes: read.tree.nodes, entry: at.entry })
  }

  leave(folder: OpenFolder): void {
    this.#open.pop()
    this.#openTrees.delete(folder.tree)
    if (folder.entry !== undefined) this.#options.onLeave?.(folder.entry)
  }

  #push(folder: Pick<OpenFolder, 'path' | 'tree' | 'nodes' | 'entry'>): void {
    this.#open.push({ ...folder, next: 0, askedUpTo: 0, ahead: new Map() })
    this.#openTrees.add(folder.tree)
  }

  /** Asks for folders behind the current one until enough are under way. */
  #readAhead(folder: OpenFolder): void {
    while (folder.ahead.size < READ_AHEAD && this.#aheadInAll < READ_AHEAD_IN_ALL && folder.askedUpTo < folder.nodes.length) {
      this.#askFor(folder, folder.askedUpTo)
    }
  }

  #askFor(folder: OpenFolder, position: number): void {
    folder.askedUpTo = position + 1
    const node = folder.nodes[position]
    if (node?.type !== 'dir') return
    const entry = this.entryOf(folder, node)
    if (this.#options.enter?.(entry) === false) return
    folder.ahead.set(position, this.#readFolder(entry))
    this.#aheadInAll++
  }

  async #readFolder({ path, node }: WalkedNode): Promise<ReadTree> {
    if (node.subtree === undefined) return { error: malformedFolder(path, 'it names no tree') }
    if (this.#openTrees.has(node.subtree)) return { error: malformedFolder(path, 'it contains itself') }
    if (this.#open.length > MAX_DEPTH) return { error: malformedFolder(path, `more than ${MAX_DEPTH} folders are nested`) }
    return this.#read(node.subtree)
  }

  async #read(id: BlobId): Promise<ReadTree> {
    try {
      return { tree: await this.#reader.readTree(id, this.#callOptions) }
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
