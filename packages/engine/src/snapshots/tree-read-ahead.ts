import type { Tree, TreeNode } from '../format/node.ts'

/** Trees that are on their way at the same time. */
export const TREES_UNDER_WAY_MAX = 16
/** Trees that were asked for and that the walk has not come to. */
export const TREES_AHEAD_MAX = 64
/** Nodes of such trees, beyond which no further one is asked for. */
const NODES_AHEAD_MAX = 20_000

/** Failures are values: a tree that is read ahead and never reached must not reject with nobody listening. */
export type ReadTree = { readonly tree: Tree } | { readonly error: unknown }

interface ReadAheadOptions<Folder> {
  /** What is to be read for a node; undefined for one that is no folder or is not wanted. Asked once for each node of a folder. */
  readonly folderAt: (parent: Folder, node: TreeNode) => Folder | undefined
  /** Never rejects. */
  readonly read: (folder: Folder) => Promise<ReadTree>
}

interface Known<Folder> {
  readonly folder: Folder
  /** Undefined until it was read. */
  nodes: readonly TreeNode[] | undefined
  /** Position up to which folders in it were asked for. */
  askedUpTo: number
  readonly ahead: Map<number, { readonly known: Known<Folder>; readonly reading: Promise<ReadTree> }>
}

/**
 * Reads the trees that a walk is going to need, in about the order in which it will: first what is below the folders that were read,
 * then what comes after them. So folders with few folders in each are read side by side too. How many trees are under way is bounded, and
 * how much is held of what the walk has not come to.
 */
export class TreeReadAhead<Folder> {
  readonly #options: ReadAheadOptions<Folder>
  /** The folders in which there is something left to ask for, or that are on their way, in the order of the walk. */
  readonly #order: Known<Folder>[] = []
  readonly #known = new Map<Folder, Known<Folder>>()
  #underWay = 0
  #treesAhead = 0
  #nodesAhead = 0
  #isStopped = false
  /** What `folderAt` has thrown while the walk was elsewhere. */
  #failure: { readonly error: unknown } | undefined

  constructor(options: ReadAheadOptions<Folder>) {
    this.#options = options
  }

  /** Begins with a folder whose nodes are known. */
  begin(folder: Folder, nodes: readonly TreeNode[]): void {
    const known: Known<Folder> = { folder, nodes, askedUpTo: 0, ahead: new Map() }
    this.#known.set(folder, known)
    this.#order.push(known)
  }

  /** The folder that a node of an open folder is, with what reading gave; undefined where it is not wanted. Called in the walk's order. */
  async take(parent: Folder, position: number): Promise<{ readonly folder: Folder; readonly read: ReadTree } | undefined> {
    if (this.#failure !== undefined) throw this.#failure.error
    const known = this.#known.get(parent)
    if (known === undefined) return undefined
    while (known.askedUpTo <= position) this.#askIn(known, this.#order.indexOf(known))
    this.#fill()
    const found = known.ahead.get(position)
    if (found === undefined) return undefined
    known.ahead.delete(position)
    const read = await found.reading
    this.#treesAhead--
    this.#nodesAhead -= sizeOf(read)
    this.#known.set(found.known.folder, found.known)
    return { folder: found.known.folder, read }
  }

  /** The walk has left a folder. */
  leave(folder: Folder): void {
    const known = this.#known.get(folder)
    // What comes after its last folder need not be looked through.
    if (known !== undefined) known.askedUpTo = known.nodes?.length ?? 0
    this.#known.delete(folder)
  }

  /** Asks for nothing any more. */
  stop(): void {
    this.#isStopped = true
  }

  #fill(): void {
    for (let at = 0; !this.#isFull; ) {
      const known = this.#order[at]
      if (known === undefined) return
      if (known.nodes === undefined) at++
      else if (known.askedUpTo >= known.nodes.length) this.#order.splice(at, 1)
      else if (this.#askIn(known, at)) at++
    }
  }

  get #isFull(): boolean {
    if (this.#isStopped || this.#underWay >= TREES_UNDER_WAY_MAX) return true
    return this.#treesAhead >= TREES_AHEAD_MAX || this.#nodesAhead >= NODES_AHEAD_MAX
  }

  /** Asks for the next node of a folder, which has the place `at` in the order. Gives whether that was one to read. */
  #askIn(parent: Known<Folder>, at: number): boolean {
    const position = parent.askedUpTo++
    const node = parent.nodes?.[position]
    const folder = node === undefined ? undefined : this.#options.folderAt(parent.folder, node)
    if (folder === undefined) return false
    const known: Known<Folder> = { folder, nodes: undefined, askedUpTo: 0, ahead: new Map() }
    this.#order.splice(at, 0, known)
    this.#underWay++
    this.#treesAhead++
    parent.ahead.set(position, { known, reading: this.#read(known) })
    return true
  }

  async #read(known: Known<Folder>): Promise<ReadTree> {
    const read = await this.#options.read(known.folder)
    this.#underWay--
    this.#nodesAhead += sizeOf(read)
    known.nodes = 'tree' in read ? read.tree.nodes : []
    try {
      this.#fill()
    } catch (error) {
      this.#failure = { error }
    }
    return read
  }
}

function sizeOf(read: ReadTree): number {
  return 'tree' in read ? read.tree.nodes.length : 0
}
