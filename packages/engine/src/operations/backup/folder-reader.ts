import { hash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { isEngineError, messageOf, systemCodeOf } from '../../errors.ts'
import { type ByteString, joinBytes, systemPath } from '../../format/byte-string.ts'
import { nodeTypeFromStat } from '../../format/file-mode.ts'
import type { BlobId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import { encodeNode, encodeNodeHead, encodeTree } from '../../format/tree.ts'
import { type FileStatus, readStatus } from '../../host/file-status.ts'
import type { BlobIndex } from '../../repository/blob-index.ts'
import type { LocalBlobReader } from '../../repository/local-blob-reader.ts'
import {
  addCounts,
  type BackupCounts,
  type ChangeDetection,
  type EntriesTask,
  type FinishedTree,
  type FolderAnswer,
  type FolderTask,
  type NamedPath,
  noCounts,
  type ParentTree,
  type PathProblem,
  type PendingFileEntry,
  type ReadEntry,
  type WholeFolderAnswer,
} from './backup-tasks.ts'
import { type FileReader, incomplete, unreadable } from './file-reader.ts'
import type { ItemLog } from './item-log.ts'
import { nodeOfEntry } from './node-of-entry.ts'
import { ParentFolder, type SameNode } from './parent-folder.ts'
import type { EntrySelector } from './selection.ts'
import { isUnchanged } from './unchanged.ts'

export interface FolderReaderOptions {
  readonly selector: EntrySelector
  readonly index: BlobIndex
  readonly fileReader: FileReader
  /** Reads trees of the parent from a repository on this machine; absent for one behind a server, which vouches for what they name. */
  readonly blobReader: LocalBlobReader | undefined
  readonly changeDetection: ChangeDetection
  readonly withAtime: boolean
  readonly items?: ItemLog | undefined
}

/** A folder's files are read at once by the worker that lists it when they are no more than this; otherwise they are shared out. */
const FILES_AT_ONCE = 64
const BYTES_AT_ONCE = 4 * 1024 * 1024

interface Report {
  readonly counts: BackupCounts
  readonly problems: PathProblem[]
}

/** What an entry is compared with, and where is noted what comes of it. */
interface Known {
  readonly parent: ParentFolder | undefined
  readonly report: Report
}

interface FoundFile {
  readonly entry: NamedPath
  readonly node: TreeNode
  readonly status: FileStatus
  readonly same: SameNode | undefined
}

/** Turns the entries of folders into nodes: those unchanged from the parent snapshot, those without content, and small files. */
export class FolderReader {
  readonly #options: FolderReaderOptions

  constructor(options: FolderReaderOptions) {
    this.#options = options
  }

  /** Reads a folder. @throws Node's system error when it cannot be listed. */
  readFolder({ path, parentTree }: FolderTask): WholeFolderAnswer {
    const { selector } = this.#options
    // Strings of one byte a character sort by bytes, which is the order of a tree.
    let names = readdirSync(systemPath(path), { encoding: 'latin1' }).sort() as ByteString[]
    const marker = selector.hasMarkers ? selector.markerIn(path, new Set(names)) : undefined
    if (marker !== undefined) names = names.filter((name) => name === marker)
    const report: Report = { counts: noCounts(), problems: [] }
    const parent = this.#openParent(parentTree, report)
    const entries = names.map((name): NamedPath => ({ name, path: joinBytes(path, name), isExplicit: false }))
    const read = this.#read(entries, { parent, report })
    if (!read.every((entry) => typeof entry === 'string')) return { entries: joinNeighbours(read), ...report }
    if (parentTree !== undefined && parent?.holdsExactly(read) === true) return { tree: { id: parentTree.id, json: undefined }, ...report }
    return { tree: this.#makeTree(read), ...report }
  }

  /** Reads single entries. */
  readEntries({ entries, parentTree }: EntriesTask): FolderAnswer {
    const report: Report = { counts: noCounts(), problems: [] }
    const read = this.#read(entries, { parent: this.#openParent(parentTree, report), report })
    return { entries: joinNeighbours(read), ...report }
  }

  /**
   * Makes the tree of a folder that has nothing left to read. Mostly the repository has it, and then its id is all that the main thread
   * needs: the JSON of a hundred thousand unchanged files need not go from thread to thread.
   */
  #makeTree(nodes: readonly string[]): FinishedTree {
    const json = encodeTree(nodes)
    const digest = hash('sha256', json, 'buffer')
    const isKnown = this.#options.index.has('tree', digest)
    return { id: digest.toString('hex') as BlobId, json: isKnown ? undefined : new Uint8Array(json) }
  }

  #read(entries: readonly NamedPath[], known: Known): readonly ReadEntry[] {
    const read: ReadEntry[] = []
    for (const entry of entries) {
      try {
        const found = this.#readEntry(entry, known)
        if (found !== undefined) read.push(found)
      } catch (error) {
        // What is gone since the folder was listed was not there when the snapshot was made.
        if (!entry.isExplicit && systemCodeOf(error) === 'ENOENT') continue
        known.report.problems.push(unreadable(entry.path, error))
      }
    }
    return this.#readFewFiles(read, known.report)
  }

  #readEntry(entry: NamedPath, known: Known): ReadEntry | undefined {
    const { selector, withAtime } = this.#options
    const { path, name, isExplicit } = entry
    if (!isExplicit && !selector.allowsPath(path)) return this.#exclude(path, 'file')
    const status = readStatus(path)
    const type = nodeTypeFromStat(status.mode)
    const kind = type === 'dir' ? 'folder' : 'file'
    if (!isExplicit && !selector.allowsStatus(status, { isFile: type === 'file', isFolder: type === 'dir' }))
      return this.#exclude(path, kind)
    // As restic: a socket without the process behind it is of no use to anybody.
    if (type === 'socket') return undefined
    const onIncomplete = (problem: unknown): void => void known.report.problems.push(incomplete(path, problem))
    const node = nodeOfEntry({ name, path, status, withAtime, onIncomplete })
    const same = known.parent?.takeNext(encodeNodeHead(node))
    if (type === 'file') return this.#readFile({ entry, node, status, same }, known)
    if (type !== 'dir') return same?.json ?? encodeNode(node)
    const isOpaque = selector.isOpaque(status)
    if (same !== undefined) return { kind: 'folder', path, node, previousTree: same.subtree, previousNode: same.json, isOpaque }
    const previous = this.#findPrevious(name, known)
    const previousTree = previous?.type === 'dir' ? previous.subtree : undefined
    return { kind: 'folder', path, node, previousTree, previousNode: previous && encodeNode(previous), isOpaque }
  }

  #readFile(found: FoundFile, known: Known): ReadEntry {
    const { entry, node, status, same } = found
    const { path, name } = entry
    const { report } = known
    const previous = same === undefined ? this.#findPrevious(name, known) : undefined
    const isSame = same !== undefined || (previous !== undefined && isUnchanged(status, previous, this.#options.changeDetection))
    const content = same?.content ?? previous?.content ?? []
    if (isSame && this.#areStored(content)) {
      report.counts.filesUnmodified++
      report.counts.bytesProcessed += status.sizeBytes
      this.#options.items?.add({ path, kind: 'file', action: 'unchanged' })
      return same?.json ?? encodeNode({ ...node, content })
    }
    if (isSame) {
      const message = 'parts of the file are not in the repository any more: it is stored again'
      report.problems.push({ path, message, severity: 'error' })
    }
    return { kind: 'file', path, name, sizeBytes: status.sizeBytes, previousNode: same?.json ?? (previous && encodeNode(previous)) }
  }

  #exclude(path: ByteString, kind: 'file' | 'folder'): undefined {
    this.#options.items?.add({ path, kind, action: 'excluded' })
  }

  #areStored(content: readonly BlobId[]): boolean {
    const { blobReader, index } = this.#options
    return blobReader === undefined || content.every((id) => index.has('data', id))
  }

  /** The folder in the parent snapshot. A damaged tree is as good as none: everything is read again. */
  #openParent(parentTree: ParentTree | undefined, report: Report): ParentFolder | undefined {
    if (parentTree === undefined) return undefined
    try {
      const { blobReader } = this.#options
      if ('json' in parentTree) return new ParentFolder(parentTree.json)
      return blobReader && new ParentFolder(blobReader.read(parentTree))
    } catch (error) {
      report.problems.push({ path: '' as ByteString, message: `parent snapshot: ${messageOf(error)}`, severity: 'warning' })
      return undefined
    }
  }

  #findPrevious(name: ByteString, { parent, report }: Known): TreeNode | undefined {
    try {
      return parent?.find(name)
    } catch (error) {
      if (!isEngineError(error)) throw error
      if (report.problems.every(({ path }) => path !== '')) {
        report.problems.push({ path: '' as ByteString, message: `parent snapshot: ${error.message}`, severity: 'warning' })
      }
      return undefined
    }
  }

  /** Reads the files among the entries, unless they are so many that all workers should have their share. */
  #readFewFiles(entries: readonly ReadEntry[], report: Report): readonly ReadEntry[] {
    const files = entries.filter((entry): entry is PendingFileEntry => typeof entry === 'object' && entry.kind === 'file')
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
    if (files.length === 0 || files.length > FILES_AT_ONCE || sizeBytes > BYTES_AT_ONCE) return entries
    const { nodes, problems, counts } = this.#options.fileReader.readFiles(files)
    report.problems.push(...problems)
    addCounts(report.counts, counts)
    const nodeOf = new Map(files.map((file, position) => [file, nodes[position]]))
    return entries.flatMap((entry) => {
      if (typeof entry === 'string' || entry.kind === 'folder') return [entry]
      const node = nodeOf.get(entry)
      return node === undefined ? [] : [node]
    })
  }
}

/** Makes one text of finished nodes that follow each other: strings by the thousand are slow to hand from thread to thread. */
function joinNeighbours(entries: readonly ReadEntry[]): ReadEntry[] {
  const joined: ReadEntry[] = []
  let texts: string[] = []
  const close = (): void => {
    if (texts.length > 0) joined.push(texts.join(','))
    texts = []
  }
  for (const entry of entries) {
    if (typeof entry === 'string') texts.push(entry)
    else {
      close()
      joined.push(entry)
    }
  }
  close()
  return joined
}
