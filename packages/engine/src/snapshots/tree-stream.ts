import type { EngineError } from '../errors.ts'
import type { BlobId } from '../format/ids.ts'
import type { Tree } from '../format/node.ts'
import type { CallOptions } from '../storage/storage.ts'
import { isDamage, type TreeReader } from './tree-walker.ts'

/** A tree with its id. */
export interface StreamedTree {
  readonly id: BlobId
  readonly tree: Tree
}

export interface StreamOptions extends CallOptions {
  /**
   * Asked before each tree is read, for every place that refers to it: false passes it over. It has to answer true only once for each tree,
   * else shared trees are read as often as they are used. {@link firstVisits} does that.
   */
  readonly wants: (id: BlobId) => boolean
  /** Told of trees that cannot be read, which are passed over; when absent the first of them ends the stream. */
  readonly onBroken?: (id: BlobId, error: EngineError) => void
}

/** Trees on their way or waiting to be looked at. */
const READ_AHEAD = 16

/**
 * Gives every tree that `roots` reach and that is wanted, in no particular order, several being read at once: for those who need all trees
 * and no paths.
 *
 * @throws whatever reading throws
 */
export async function* streamTrees(reader: TreeReader, roots: Iterable<BlobId>, options: StreamOptions): AsyncGenerator<StreamedTree> {
  const callOptions: CallOptions = { signal: options.signal }
  const backlog = [...roots].reverse()
  const reading: Promise<{ readonly id: BlobId; readonly tree?: Tree; readonly error?: unknown }>[] = []
  async function read(id: BlobId): Promise<{ readonly id: BlobId; readonly tree?: Tree; readonly error?: unknown }> {
    try {
      return { id, tree: await reader.readTree(id, callOptions) }
    } catch (error) {
      return { id, error }
    }
  }
  while (backlog.length > 0 || reading.length > 0) {
    options.signal?.throwIfAborted()
    while (reading.length < READ_AHEAD) {
      const id = backlog.pop()
      if (id === undefined) break
      if (options.wants(id)) reading.push(read(id))
    }
    const next = await reading.shift()
    if (next === undefined) continue
    if (next.tree !== undefined) {
      yield { id: next.id, tree: next.tree }
      pushSubtrees(backlog, next.tree)
    } else if (options.onBroken !== undefined && isDamage(next.error)) options.onBroken(next.id, next.error)
    else throw next.error
  }
}

/** Answers true for the first time that it is asked about a tree. */
export function firstVisits(): (id: BlobId) => boolean {
  const visited = new Set<BlobId>()
  return (id) => visited.size < visited.add(id).size
}

/** The last comes off the backlog first: pushing backwards makes the stream go depth first, so that the backlog stays short. */
function pushSubtrees(backlog: BlobId[], tree: Tree): void {
  for (let position = tree.nodes.length - 1; position >= 0; position--) {
    const node = tree.nodes[position]
    if (node?.type === 'dir' && node.subtree !== undefined) backlog.push(node.subtree)
  }
}
