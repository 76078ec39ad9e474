import { EngineError } from '../errors.ts'
import type { ByteString } from '../format/byte-string.ts'
import type { TreeNode } from '../format/node.ts'
import type { StoredSnapshot } from '../format/snapshot.ts'
import { compareTimestamps, type Timestamp } from '../format/timestamp.ts'
import { type BrokenTree, type TreeReader, walkTree } from '../snapshots/tree-walker.ts'
import type { CallOptions } from '../storage/storage.ts'
import { compilePathFilter, type PathFilter } from './path-filter.ts'

export interface FindOptions extends CallOptions {
  /** Patterns as for excludes, of which one must fit; negation has no meaning here. */
  readonly patterns: readonly ByteString[]
  readonly ignoreCase?: boolean
  /** Only what was modified at this time or later. */
  readonly oldest?: Timestamp
  /** Only what was modified at this time or earlier. */
  readonly newest?: Timestamp
  /** Told of folders that cannot be read, which are passed over; when absent the first of them ends the search. */
  readonly onBroken?: (snapshot: StoredSnapshot, broken: BrokenTree) => void
}

export interface FoundNode {
  readonly snapshot: StoredSnapshot
  readonly path: ByteString
  readonly node: TreeNode
}

/**
 * Finds files and folders by their paths in each of `snapshots`, in the order given.
 *
 * @throws EngineError `input.invalid` for a malformed pattern or an empty span of time, `data.*`, `storage.*`
 */
export async function* findFiles(
  reader: TreeReader,
  snapshots: readonly StoredSnapshot[],
  options: FindOptions,
): AsyncGenerator<FoundNode> {
  const { oldest, newest, signal, onBroken } = options
  if (oldest !== undefined && newest !== undefined && compareTimestamps(oldest, newest) > 0) {
    throw new EngineError('input.invalid', 'Cannot find anything: the oldest time is after the newest')
  }
  const filter = patternFilter(options)
  const isFound = (path: ByteString, node: TreeNode): boolean => filter.match(path).matched && isInSpan(node, options)
  for (const snapshot of snapshots) {
    const walk = walkTree(reader, snapshot.tree, {
      signal,
      enter: ({ path, node }) => filter.match(path).childMayMatch || isFound(path, node),
      ...(onBroken === undefined ? {} : { onBroken: (broken) => onBroken(snapshot, broken) }),
    })
    for await (const { path, node } of walk) if (isFound(path, node)) yield { snapshot, path, node }
  }
}

function patternFilter({ patterns, ignoreCase = false }: FindOptions): PathFilter {
  return compilePathFilter(
    patterns.map((pattern) => (pattern.startsWith('!') ? (pattern.slice(1) as ByteString) : pattern)),
    { ignoreCase },
  )
}

function isInSpan({ mtime }: TreeNode, { oldest, newest }: FindOptions): boolean {
  if (oldest !== undefined && compareTimestamps(mtime, oldest) < 0) return false
  return newest === undefined || compareTimestamps(mtime, newest) <= 0
}
