import { EngineError } from '../../errors.ts'
import { type ByteString, displayText, joinBytes } from '../../format/byte-string.ts'
import type { TreeNode } from '../../format/node.ts'
import { parseTimestamp } from '../../format/timestamp.ts'
import { type FileStatus, findStatus } from '../../host/file-status.ts'
import type { BlobIndex } from '../../repository/blob-index.ts'
import { metadataOf, targetFailure } from './node-metadata.ts'
import { namesIn, removeTree, visitTree } from './remove-tree.ts'
import {
  BATCH_BLOBS_MAX,
  type Before,
  locateInParts,
  measureContent,
  RestoreBatch,
  type RestoredFile,
  totalBytes,
} from './restore-batch.ts'
import type { FolderEnd, RestoreItem } from './restore-items.ts'
import type { RestoreReport } from './restore-report.ts'
import type { RestoreRequest } from './restore-request.ts'
import { type TargetFolder, TargetFolders } from './target-folders.ts'

const KIND_MASK = 0o170000
const PLAIN_FILE = 0o100000

/**
 * Turns what a walk finds into batches: makes folders, decides what becomes of what is in the target already, and removes what is
 * extraneous. All this is quick; the long work is left to the batches.
 */
export class RestoreCollector {
  readonly #index: BlobIndex
  readonly #request: RestoreRequest
  readonly #report: RestoreReport
  readonly #dryRun: boolean
  readonly #folders: TargetFolders
  /** First names of files with several, by device and inode; forgotten when all of them were met. */
  readonly #firstNames = new Map<string, { readonly path: ByteString; left: number }>()
  #mayRemove: boolean
  #ordinal = 0

  constructor(parts: {
    readonly index: BlobIndex
    readonly request: RestoreRequest
    readonly report: RestoreReport
    readonly dryRun: boolean
  }) {
    this.#index = parts.index
    this.#request = parts.request
    this.#report = parts.report
    this.#dryRun = parts.dryRun
    this.#mayRemove = parts.request.removeExtraneous === true
    this.#folders = new TargetFolders(parts.request.target, { dryRun: parts.dryRun })
  }

  /** Takes one item into a batch. A file of very many blobs is given out in several batches: then the one to go on with is another. */
  async add(item: RestoreItem, batch: RestoreBatch, dispatch: (batch: RestoreBatch) => Promise<void>): Promise<RestoreBatch> {
    switch (item.kind) {
      case 'folder':
        this.#folders.enter(item.node.name, { isKeptWay: this.#request.keepsWays === true && !item.selected })
        if (item.selected) this.#folders.current()
        return batch
      case 'end':
        this.#endFolder(item, batch)
        return batch
      case 'problem':
        // What the snapshot holds in that folder is not all known, so that nothing is known to be extraneous.
        if (item.error.code === 'target.unsafe') this.#mayRemove = false
        this.#report.problem(item.path, item.error)
        return batch
      case 'entry':
        return this.#addEntry(item, { batch, dispatch })
      default:
        return item satisfies never
    }
  }

  async #addEntry(
    { path: location, node }: { readonly path: ByteString; readonly node: TreeNode },
    out: { readonly batch: RestoreBatch; readonly dispatch: (batch: RestoreBatch) => Promise<void> },
  ): Promise<RestoreBatch> {
    const ordinal = node.type === 'file' ? this.#ordinal++ : -1
    // A socket belongs to the program that made it.
    if (node.type === 'socket') return out.batch
    const folder = this.#folders.current()
    const path = joinBytes(folder.path, node.name)
    const status = this.#look(location, { path, folder })
    if (status === 'failed') return out.batch
    const firstName = this.#firstNameOf(path, node)
    const hardLinkTo = firstName === path ? undefined : firstName
    if (status !== undefined && !this.#mayOverwrite(node, status)) {
      this.#report.skipped(location, hardLinkTo === undefined && node.type === 'file' ? (node.size ?? 0) : 0)
      return out.batch
    }
    if (node.type !== 'file' || hardLinkTo !== undefined) {
      this.#addNode({ location, path, node, hardLinkTo }, out.batch)
      return out.batch
    }
    const file = this.#describe({ location, path, node, ordinal, status })
    // What is in the target may be all that is left of it, so that it is not touched.
    return file.failed ? out.batch : this.#addFile(file, out)
  }

  #look(
    location: ByteString,
    { path, folder }: { readonly path: ByteString; readonly folder: TargetFolder },
  ): FileStatus | undefined | 'failed' {
    if (folder.failure !== undefined) {
      this.#report.problem(location, folder.failure)
      return 'failed'
    }
    try {
      return folder.isNew ? undefined : findStatus(path)
    } catch (error) {
      this.#report.problem(location, targetFailure('look at', path, error))
      return 'failed'
    }
  }

  /** The name under which the file was met first: `path` itself where that is now. */
  #firstNameOf(path: ByteString, { type, links = 1, inode, device_id: deviceId }: TreeNode): ByteString {
    if (links <= 1) return path
    const key = `${type} ${deviceId ?? 0} ${inode ?? 0}`
    const known = this.#firstNames.get(key)
    if (known === undefined) {
      this.#firstNames.set(key, { path, left: links - 1 })
      return path
    }
    known.left--
    if (known.left === 0) this.#firstNames.delete(key)
    return known.path
  }

  #mayOverwrite(node: TreeNode, status: FileStatus): boolean {
    switch (this.#request.overwrite) {
      case 'never':
        return false
      case 'if-newer': {
        const { seconds, nanoseconds } = parseTimestamp(node.mtime)
        const { modified } = status
        return seconds > modified.seconds || (seconds === modified.seconds && nanoseconds > modified.nanoseconds)
      }
      default:
        return true
    }
  }

  #addNode(
    entry: {
      readonly location: ByteString
      readonly path: ByteString
      readonly node: TreeNode
      readonly hardLinkTo: ByteString | undefined
    },
    batch: RestoreBatch,
  ): void {
    const { location, path, node, hardLinkTo } = entry
    this.#report.found(0)
    const order = { path, type: node.type, linkTarget: node.linktarget, hardLinkTo, device: node.device ?? 0, metadata: metadataOf(node) }
    batch.nodes.push({ location, order })
  }

  #describe(entry: {
    readonly location: ByteString
    readonly path: ByteString
    readonly node: TreeNode
    readonly ordinal: number
    readonly status: FileStatus | undefined
  }): RestoredFile {
    const { status, node } = entry
    const content = node.content ?? []
    const { sizeBytes, missing } = measureContent(this.#index, content)
    const isFile = status !== undefined && (status.mode & KIND_MASK) === PLAIN_FILE
    const before: Before = status === undefined ? 'nothing' : isFile ? 'file' : 'other'
    const hasSeveralParts = content.length > BATCH_BLOBS_MAX
    const hasOtherNames = status !== undefined && status.links > 1
    const isTrusted = isFile && missing === 0 && this.#request.overwrite === 'if-changed' && sameSizeAndTime(node, status)
    const compare = isFile && !isTrusted && !(hasSeveralParts && hasOtherNames)
    const file = { ...entry, sizeBytes, before, sizeBefore: status?.sizeBytes ?? 0, hasOtherNames, compare, hasSeveralParts }
    const described = { ...file, matchedBytes: 0, changed: !compare && !isTrusted, prepared: false, failed: false }
    this.#checkContent(described, missing)
    return described
  }

  #checkContent(file: RestoredFile, missing: number): void {
    const { node, location, sizeBytes } = file
    if (missing > 0) {
      file.failed = true
      const message = `Cannot restore ${displayText(location)}: ${missing} of its blobs are not in the index`
      this.#report.problem(location, new EngineError('data.missing', message))
    } else if (sizeBytes !== (node.size ?? 0)) {
      const message = `Cannot trust the size of ${displayText(location)}: ${node.size ?? 0} bytes, but its content has ${sizeBytes}`
      this.#report.problem(location, new EngineError('data.malformed', message))
    }
  }

  /** Gives out a file in parts, each of which but the last fills a batch. */
  async #addFile(
    file: RestoredFile,
    out: { readonly batch: RestoreBatch; readonly dispatch: (batch: RestoreBatch) => Promise<void> },
  ): Promise<RestoreBatch> {
    const { content } = file.node
    let { batch } = out
    let offset = 0
    for (const { blobs, isLast } of locateInParts(this.#index, content ?? [])) {
      batch.addPart({ file, offset, blobs, isLast, matches: undefined })
      offset += totalBytes(blobs)
      if (isLast) break
      await out.dispatch(batch)
      batch = new RestoreBatch()
    }
    return batch
  }

  #endFolder(end: FolderEnd, batch: RestoreBatch): void {
    if (end.used) {
      const folder = this.#folders.current()
      if (folder.failure === undefined) {
        if (this.#mayRemoveIn(end.path) && !folder.isNew && end.names !== undefined) this.#removeExtraneous(folder, end.path, end.names)
        const isKept = this.#request.keepsWays === true && !end.selected && !folder.isNew
        if (end.node !== undefined && !isKept) {
          this.#report.found(0)
          batch.folders.push({ location: end.path, path: folder.path, metadata: metadataOf(end.node) })
        }
      } else this.#report.problem(end.path, folder.failure)
    }
    this.#folders.leave()
  }

  #mayRemoveIn(location: ByteString): boolean {
    return this.#mayRemove && (this.#request.removesIn?.(location) ?? true)
  }

  #removeExtraneous({ path: folder }: TargetFolder, location: ByteString, expected: ReadonlySet<string>): void {
    try {
      for (const name of namesIn(folder)) {
        const entry = joinBytes(location, name)
        if (expected.has(name) || this.#request.select?.(entry, false).selected === false) continue
        const path = joinBytes(folder, name)
        const toLocation = (removed: ByteString): ByteString => (entry + removed.slice(path.length)) as ByteString
        if (this.#dryRun) visitTree(path, (removed) => this.#report.removed(toLocation(removed)))
        else removeTree(path, (removed) => this.#report.removed(toLocation(removed)))
      }
    } catch (error) {
      this.#report.problem(location, targetFailure('remove what is extraneous in', folder, error))
    }
  }
}

function sameSizeAndTime(node: TreeNode, status: FileStatus): boolean {
  const { seconds, nanoseconds } = parseTimestamp(node.mtime)
  return node.size === status.sizeBytes && seconds === status.modified.seconds && nanoseconds === status.modified.nanoseconds
}
