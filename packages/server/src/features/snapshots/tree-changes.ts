import { type BlobId, type ByteString, type IndexedRepository, scanTree, type TreeNode } from '@holdfast/engine'
import { letOthersRun } from './let-others-run.ts'
import { pathWithin } from './snapshot-path.ts'

/** One path at which two trees differ. */
export interface TreeChange {
  readonly path: ByteString
  readonly before: TreeNode | undefined
  readonly after: TreeNode | undefined
}

export interface TreeChangesOptions {
  /** Undefined stands for an empty folder. */
  readonly from: BlobId | undefined
  readonly to: BlobId | undefined
  /** What the paths begin with; `/` unless told otherwise. */
  readonly rootPath?: ByteString
  /** Names on the way to the path after which to go on; what comes before it is not read. */
  readonly after?: readonly ByteString[]
  /** Give everything below a folder that only one side has, too. */
  readonly expand: boolean
  /** Asked for every entry that is looked at, changed or not; false ends it behind this entry. */
  readonly onVisit?: (path: ByteString) => boolean
  readonly signal?: AbortSignal | undefined
}

/** Folders below folders, as in the engine's walks. */
const DEPTH_MAX = 2048
/** Entries after which others are served. */
const ENTRIES_AT_ONCE = 2000

interface Frame {
  readonly path: ByteString
  readonly before: NodeCursor
  readonly after: NodeCursor
  /** Names that are still to be skipped on the way to where to go on; empty when that lies behind. */
  resume: readonly ByteString[]
}

/**
 * Every path at which two trees differ, a folder before what is in it, names in the order of their bytes. Folders that are the same are
 * not read. Memory grows with the depth and with the largest folders on the way, not with the number of changes.
 *
 * @throws EngineError `data.*`, `storage.*`
 */
export async function* treeChanges(source: Pick<IndexedRepository, 'readBlob'>, options: TreeChangesOptions): AsyncGenerator<TreeChange> {
  const { rootPath = '/' as ByteString, after = [], expand, signal } = options
  if (options.from === options.to) return
  const open = async (from: BlobId | undefined, to: BlobId | undefined): Promise<Pick<Frame, 'before' | 'after'>> => {
    const [before, after] = await Promise.all([NodeCursor.open(source, from, signal), NodeCursor.open(source, to, signal)])
    return { before, after }
  }
  const frames: Frame[] = [{ path: rootPath, resume: after, ...(await open(options.from, options.to)) }]
  let entries = 0
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    signal?.throwIfAborted()
    if (++entries % ENTRIES_AT_ONCE === 0) await letOthersRun()
    const pair = nextPair(frame)
    if (pair === undefined) {
      frames.pop()
      continue
    }
    const { resume, isPast } = whereToGoOn(frame, pair)
    if (isPast) continue
    const path = pathWithin(frame.path, pair.name)
    const goesOn = options.onVisit?.(path) ?? true
    if (resume === undefined && (pair.before === undefined || pair.after === undefined || !isSameNode(pair.before, pair.after))) {
      yield { path, before: pair.before, after: pair.after }
    }
    if (!goesOn) return
    const [from, to] = [pair.before?.subtree, pair.after?.subtree]
    const isOneSided = pair.before?.type !== 'dir' || pair.after?.type !== 'dir'
    if (from === to || (isOneSided && !expand)) continue
    if (frames.length > DEPTH_MAX) continue
    frames.push({ path, resume: resume ?? [], ...(await open(from, to)) })
  }
}

type Pair = { readonly name: ByteString; readonly before: TreeNode | undefined; readonly after: TreeNode | undefined }

function nextPair({ before, after }: Frame): Pair | undefined {
  const [left, right] = [before.node, after.node]
  if (left === undefined && right === undefined) return undefined
  const takesLeft = right === undefined || (left !== undefined && left.name <= right.name)
  const takesRight = left === undefined || (right !== undefined && right.name <= left.name)
  if (takesLeft) before.advance()
  if (takesRight) after.advance()
  const name = (takesLeft ? left?.name : right?.name) ?? ('' as ByteString)
  return { name, before: takesLeft ? left : undefined, after: takesRight ? right : undefined }
}

/** `isPast`: it comes before where to go on. `resume`: it is on the way there, or the place itself, and was given already. */
function whereToGoOn(frame: Frame, { name }: Pair): { readonly isPast: boolean; readonly resume?: readonly ByteString[] } {
  const [wanted, ...below] = frame.resume
  if (wanted === undefined || name > wanted) {
    frame.resume = []
    return { isPast: false }
  }
  return name < wanted ? { isPast: true } : { isPast: false, resume: below }
}

/** The nodes of one folder, one at a time. */
class NodeCursor {
  readonly #pieces: Iterator<readonly TreeNode[]>
  #piece: readonly TreeNode[] = []
  #position = 0

  private constructor(pieces: Iterator<readonly TreeNode[]>) {
    this.#pieces = pieces
    this.#fill()
  }

  static async open(
    source: Pick<IndexedRepository, 'readBlob'>,
    tree: BlobId | undefined,
    signal: AbortSignal | undefined,
  ): Promise<NodeCursor> {
    return new NodeCursor(tree === undefined ? [][Symbol.iterator]() : scanTree(await source.readBlob('tree', tree, { signal })))
  }

  get node(): TreeNode | undefined {
    return this.#piece[this.#position]
  }

  advance(): void {
    this.#position++
    if (this.#position >= this.#piece.length) this.#fill()
  }

  #fill(): void {
    this.#position = 0
    for (this.#piece = []; this.#piece.length === 0; ) {
      const { done, value } = this.#pieces.next()
      if (done === true) return
      this.#piece = value
    }
  }
}

/** Whether two nodes of the same name are the same but for what is below them, and for times of access and of change. */
function isSameNode(before: TreeNode, after: TreeNode): boolean {
  return before.type === after.type && isSameContent(before, after) && isSameMetadata(before, after)
}

/** Whether two files have the same content. */
export function isSameContent({ content: before }: TreeNode, { content: after }: TreeNode): boolean {
  if (before === null || after === null) return before === after
  return before.length === after.length && before.every((id, position) => id === after[position])
}

function isSameMetadata(before: TreeNode, after: TreeNode): boolean {
  const isPlainSame = (['mtime', 'mode', 'uid', 'gid', 'user', 'group', 'size', 'linktarget', 'device'] as const).every(
    (field) => before[field] === after[field],
  )
  return isPlainSame && JSON.stringify(before.extended_attributes ?? []) === JSON.stringify(after.extended_attributes ?? [])
}
