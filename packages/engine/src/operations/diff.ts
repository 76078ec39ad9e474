import type { EngineError } from '../errors.ts'
import { type ByteString, byteStringOf } from '../format/byte-string.ts'
import type { BlobId } from '../format/ids.ts'
import type { Tree, TreeNode } from '../format/node.ts'
import { sameInstant } from '../format/timestamp.ts'
import { encodeNode } from '../format/tree.ts'
import { BlobSet, plaintextLength } from '../repository/blob-set.ts'
import type { IndexedRepository } from '../repository/indexed-repository.ts'
import { streamTrees } from '../snapshots/tree-stream.ts'
import { isDamage, malformedFolder, walkTree } from '../snapshots/tree-walker.ts'
import type { CallOptions } from '../storage/storage.ts'

/**
 * What happened to a path: `+` added, `-` removed, `M` content modified, `M?` content modified while everything else is the same (perhaps
 * it is rotten), `U` metadata updated, `T` the type changed.
 */
export type DiffModifier = '+' | '-' | 'M' | 'M?' | 'U' | 'T' | 'TU'

export interface DiffChange {
  /** Ends with a slash for folders. */
  readonly path: ByteString
  readonly modifier: DiffModifier
}

/** What one side has and the other has not. */
export interface DiffSide {
  readonly files: number
  readonly dirs: number
  readonly others: number
  readonly dataBlobs: number
  readonly treeBlobs: number
  /** Plaintext bytes of these blobs. */
  readonly bytes: number
}

export interface DiffStatistics {
  readonly changedFiles: number
  readonly added: DiffSide
  readonly removed: DiffSide
}

export interface DiffOptions extends CallOptions {
  readonly from: BlobId
  readonly to: BlobId
  /** Report nodes that differ in metadata alone. */
  readonly metadata?: boolean
  /** Called for each change in the order of the paths. */
  readonly onChange?: (change: DiffChange) => void
  /** Told of what cannot be compared and is passed over; when absent the first such failure ends the comparison. */
  readonly onBroken?: (error: EngineError) => void
}

/** Folders below folders, as in `walkTree`. */
const MAX_DEPTH = 2048

type Counts = { files: number; dirs: number; others: number }
type Side = { readonly counts: Counts; readonly blobs: BlobSet }

/**
 * Compares two trees as restic's `diff` does. Folders that are the same are only read to know which blobs both sides use.
 *
 * @throws EngineError `data.*` for a tree that cannot be read, `storage.*`
 */
export async function diffTrees(indexed: IndexedRepository, options: DiffOptions): Promise<DiffStatistics> {
  const comparison = new Comparison(indexed, options)
  await comparison.run()
  return comparison.statistics()
}

class Comparison {
  readonly #indexed: IndexedRepository
  readonly #options: DiffOptions
  readonly #before: Side
  readonly #after: Side
  readonly #common: BlobSet
  #changedFiles = 0

  constructor(indexed: IndexedRepository, options: DiffOptions) {
    this.#indexed = indexed
    this.#options = options
    this.#before = { counts: { files: 0, dirs: 0, others: 0 }, blobs: new BlobSet(indexed.index) }
    this.#after = { counts: { files: 0, dirs: 0, others: 0 }, blobs: new BlobSet(indexed.index) }
    this.#common = new BlobSet(indexed.index)
  }

  async run(): Promise<void> {
    const { from, to } = this.#options
    this.#before.blobs.add('tree', from)
    this.#after.blobs.add('tree', to)
    await this.#compareFolders(from, to, { path: byteStringOf('/'), depth: 0 })
  }

  statistics(): DiffStatistics {
    return {
      changedFiles: this.#changedFiles,
      added: this.#sideStatistics(this.#after, this.#before),
      removed: this.#sideStatistics(this.#before, this.#after),
    }
  }

  #sideStatistics({ counts, blobs }: Side, other: Side): DiffSide {
    const sums = { dataBlobs: 0, treeBlobs: 0, bytes: 0 }
    for (const entry of blobs.entries()) {
      if (other.blobs.hasEntry(entry) || this.#common.hasEntry(entry)) continue
      const blob = this.#indexed.index.entryAt(entry)
      if (blob.type === 'data') sums.dataBlobs++
      else sums.treeBlobs++
      sums.bytes += plaintextLength(blob)
    }
    return { ...counts, ...sums }
  }

  async #compareFolders(from: BlobId, to: BlobId, place: { readonly path: ByteString; readonly depth: number }): Promise<void> {
    const { path, depth } = place
    if (depth > MAX_DEPTH) throw malformedFolder(path, `more than ${MAX_DEPTH} folders are nested`)
    const { signal } = this.#options
    const [before, after] = await Promise.all([this.#indexed.readTree(from, { signal }), this.#indexed.readTree(to, { signal })])
    for (const [left, right] of pairNodes(before, after)) {
      signal?.throwIfAborted()
      addBlobs(this.#before.blobs, left)
      addBlobs(this.#after.blobs, right)
      if (left !== undefined && right !== undefined) await this.#comparePair(left, right, place)
      else if (left !== undefined) await this.#reportWhole(left, { path, side: this.#before, modifier: '-' })
      else if (right !== undefined) await this.#reportWhole(right, { path, side: this.#after, modifier: '+' })
    }
  }

  async #comparePair(left: TreeNode, right: TreeNode, place: { readonly path: ByteString; readonly depth: number }): Promise<void> {
    const path = pathOf(place.path, right)
    const isModified = left.type === 'file' && right.type === 'file' && !sameContent(left, right)
    if (isModified) this.#changedFiles++
    const modifier = this.#modifierOf(left, right, isModified)
    if (modifier !== '') this.#options.onChange?.({ path, modifier })
    if (left.type !== 'dir' || right.type !== 'dir') return
    const [from, to] = [left.subtree, right.subtree]
    await this.#passingOver(async () => {
      if (from === undefined || to === undefined) throw malformedFolder(path, 'it names no tree')
      if (from === to) await this.#noteCommon(from)
      else await this.#compareFolders(from, to, { path, depth: place.depth + 1 })
    })
  }

  #modifierOf(left: TreeNode, right: TreeNode, isModified: boolean): DiffModifier | '' {
    if (isModified) return sameNode({ ...left, content: null }, { ...right, content: null }) ? 'M?' : 'M'
    const isUpdated = this.#options.metadata === true && !sameNode(left, right)
    if (left.type !== right.type) return isUpdated ? 'TU' : 'T'
    return isUpdated ? 'U' : ''
  }

  /** Reports a node that only one side has, with everything below it. */
  async #reportWhole(
    node: TreeNode,
    report: { readonly path: ByteString; readonly side: Side; readonly modifier: '+' | '-' },
  ): Promise<void> {
    const { side, modifier } = report
    const path = pathOf(report.path, node)
    this.#options.onChange?.({ path, modifier })
    count(side.counts, node)
    if (node.type !== 'dir') return
    await this.#passingOver(async () => {
      if (node.subtree === undefined) throw malformedFolder(path, 'it names no tree')
      const { signal, onBroken } = this.#options
      const walk = walkTree(this.#indexed, node.subtree, {
        signal,
        rootPath: path,
        ...(onBroken === undefined ? {} : { onBroken: (broken) => onBroken(broken.error) }),
      })
      for await (const entry of walk) {
        this.#options.onChange?.({ path: entry.node.type === 'dir' ? asFolder(entry.path) : entry.path, modifier })
        count(side.counts, entry.node)
        addBlobs(side.blobs, entry.node)
      }
    })
  }

  async #noteCommon(tree: BlobId): Promise<void> {
    const { signal, onBroken } = this.#options
    const stream = streamTrees(this.#indexed, [tree], {
      signal,
      wants: (id) => this.#common.add('tree', id),
      ...(onBroken === undefined ? {} : { onBroken: (_id, error) => onBroken(error) }),
    })
    for await (const { tree: read } of stream) for (const node of read.nodes) if (node.type === 'file') addBlobs(this.#common, node)
  }

  async #passingOver(action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      const { onBroken } = this.#options
      if (onBroken === undefined || !isDamage(error)) throw error
      onBroken(error)
    }
  }
}

/** Puts nodes of the same name beside each other, names in ascending order. */
function* pairNodes(before: Tree, after: Tree): Generator<readonly [TreeNode | undefined, TreeNode | undefined]> {
  for (let [left, right] = [0, 0]; ; ) {
    const [leftNode, rightNode] = [before.nodes[left], after.nodes[right]]
    if (leftNode === undefined && rightNode === undefined) return
    const isLeftNext = rightNode === undefined || (leftNode !== undefined && leftNode.name <= rightNode.name)
    const isRightNext = leftNode === undefined || (rightNode !== undefined && rightNode.name <= leftNode.name)
    if (isLeftNext) left++
    if (isRightNext) right++
    yield [isLeftNext ? leftNode : undefined, isRightNext ? rightNode : undefined]
  }
}

function addBlobs(blobs: BlobSet, node: TreeNode | undefined): void {
  if (node?.type === 'dir' && node.subtree !== undefined) blobs.add('tree', node.subtree)
  if (node?.type === 'file') for (const id of node.content ?? []) blobs.add('data', id)
}

function count(counts: Counts, { type }: TreeNode): void {
  if (type === 'file') counts.files++
  else if (type === 'dir') counts.dirs++
  else counts.others++
}

function sameContent({ content: left }: TreeNode, { content: right }: TreeNode): boolean {
  if (left === null || right === null) return left === right
  return left.length === right.length && left.every((id, position) => id === right[position])
}

/** Whether everything about two nodes is the same but their errors; times are compared as moments, whatever their zones. */
function sameNode(left: TreeNode, right: TreeNode): boolean {
  const { mtime, atime, ctime } = left
  if (!sameInstant(mtime, right.mtime) || !sameInstant(atime, right.atime) || !sameInstant(ctime, right.ctime)) return false
  return encodeNode({ ...left, error: '' }) === encodeNode({ ...right, mtime, atime, ctime, error: '' })
}

function pathOf(folder: ByteString, node: TreeNode): ByteString {
  const path = (folder + node.name) as ByteString
  return node.type === 'dir' ? asFolder(path) : path
}

function asFolder(path: ByteString): ByteString {
  return `${path}/` as ByteString
}
