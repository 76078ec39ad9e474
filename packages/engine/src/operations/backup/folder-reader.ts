import { readdirSync } from 'node:fs'
import { messageOf, systemCodeOf } from '../../errors.ts'
import { type ByteString, joinBytes, systemPath } from '../../format/byte-string.ts'
import { nodeTypeFromStat } from '../../format/file-mode.ts'
import type { BlobId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import { decodeTree, encodeNode } from '../../format/tree.ts'
import { type FileStatus, readStatus } from '../../host/file-status.ts'
import type { BlobIndex } from '../../repository/blob-index.ts'
import type { LocalBlobReader } from '../../repository/local-blob-reader.ts'
import {
  addCounts,
  type BackupCounts,
  type ChangeDetection,
  type EntriesTask,
  type FolderAnswer,
  type FolderEntry,
  type FolderTask,
  type NamedPath,
  noCounts,
  type ParentTree,
  type PathProblem,
  type PendingFileEntry,
  type ReadEntry,
} from './backup-tasks.ts'
import { type FileReader, incomplete, unreadable } from './file-reader.ts'
import { nodeOfEntry } from './node-of-entry.ts'
import type { EntrySelector } from './selection.ts'
import { isUnchanged } from './unchanged.ts'

export interface FolderReaderOptions {
  readonly selector: EntrySelector
  readonly index: BlobIndex
  readonly fileReader: FileReader
  readonly blobReader: LocalBlobReader
  readonly changeDetection: ChangeDetection
  readonly withAtime: boolean
}

/** A folder's files are read at once by the worker that lists it when they are no more than this; otherwise they are shared out. */
const FILES_AT_ONCE = 64
const BYTES_AT_ONCE = 4 * 1024 * 1024

interface Report {
  readonly counts: BackupCounts
  readonly problems: PathProblem[]
}

/** Turns the entries of folders into nodes: those unchanged from the parent snapshot, those without content, and small files. */
export class FolderReader {
  readonly #options: FolderReaderOptions

  constructor(options: FolderReaderOptions) {
    this.#options = options
  }

  /** Reads a folder. @throws Node's system error when it cannot be listed. */
  readFolder({ path, parentTree }: FolderTask): FolderAnswer {
    const { selector } = this.#options
    // Strings of one byte a character sort by bytes, which is the order of a tree.
    let names = readdirSync(systemPath(path), { encoding: 'latin1' }).sort() as ByteString[]
    const marker = selector.hasMarkers ? selector.markerIn(path, new Set(names)) : undefined
    if (marker !== undefined) names = names.filter((name) => name === marker)
    const entries = names.map((name): NamedPath => ({ name, path: joinBytes(path, name), isExplicit: false }))
    return this.#read(entries, parentTree)
  }

  /** Reads single entries. */
  readEntries({ entries, parentTree }: EntriesTask): FolderAnswer {
    return this.#read(entries, parentTree)
  }

  #read(entries: readonly NamedPath[], parentTree: ParentTree | undefined): FolderAnswer {
    const report: Report = { counts: noCounts(), problems: [] }
    const previous = this.#previousNodes(parentTree, report)
    const read: ReadEntry[] = []
    for (const entry of entries) {
      try {
        const found = this.#readEntry(entry, { previous: previous.get(entry.name), report })
        if (found !== undefined) read.push(found)
      } catch (error) {
        // What is gone since the folder was listed was not there when the snapshot was made.
        if (!entry.isExplicit && systemCodeOf(error) === 'ENOENT') continue
        report.problems.push(unreadable(entry.path, error))
      }
    }
    return { entries: joinNeighbours(this.#readFewFiles(read, report)), ...report }
  }

  #readEntry(entry: NamedPath, known: { readonly previous: TreeNode | undefined; readonly report: Report }): ReadEntry | undefined {
    const { selector } = this.#options
    const { path, isExplicit } = entry
    if (!isExplicit && !selector.allowsPath(path)) return undefined
    const status = readStatus(path)
    const type = nodeTypeFromStat(status.mode)
    if (!isExplicit && !selector.allowsStatus(status, { isFile: type === 'file', isFolder: type === 'dir' })) return undefined
    // As restic: a socket without the process behind it is of no use to anybody.
    if (type === 'socket') return undefined
    if (type === 'file') return this.#readFile(entry, { status, ...known })
    const node = this.#nodeOf(entry, { status, report: known.report })
    if (type !== 'dir') return encodeNode(node)
    return folderEntry(path, { node, previous: known.previous, isOpaque: selector.isOpaque(status) })
  }

  #readFile(
    entry: NamedPath,
    known: { readonly status: FileStatus; readonly previous: TreeNode | undefined; readonly report: Report },
  ): ReadEntry {
    const { status, previous, report } = known
    const { path, name } = entry
    if (previous !== undefined && isUnchanged(status, previous, this.#options.changeDetection)) {
      if (this.#areStored(previous.content ?? [])) {
        report.counts.filesUnmodified++
        report.counts.bytesProcessed += status.sizeBytes
        return encodeNode(this.#nodeOf(entry, { status, report, content: previous.content ?? [] }))
      }
      const message = 'parts of the file are not in the repository any more: it is stored again'
      report.problems.push({ path, message, severity: 'error' })
    }
    const previousNode = previous === undefined ? undefined : encodeNode(previous)
    return { kind: 'file', path, name, sizeBytes: status.sizeBytes, previousNode }
  }

  #nodeOf(
    entry: NamedPath,
    known: { readonly status: FileStatus; readonly report: Report; readonly content?: readonly BlobId[] },
  ): TreeNode {
    const { status, report, content } = known
    const { path, name } = entry
    const onIncomplete = (problem: unknown): void => void report.problems.push(incomplete(path, problem))
    return nodeOfEntry({
      name,
      path,
      status,
      onIncomplete,
      withAtime: this.#options.withAtime,
      ...(content === undefined ? {} : { content }),
    })
  }

  #areStored(content: readonly BlobId[]): boolean {
    return content.every((id) => this.#options.index.has('data', id))
  }

  /** The entries of the folder in the parent snapshot by name. A damaged tree is as good as none: everything is read again. */
  #previousNodes(parentTree: ParentTree | undefined, report: Report): ReadonlyMap<ByteString, TreeNode> {
    if (parentTree === undefined) return new Map()
    try {
      const json = parentTree instanceof Uint8Array ? parentTree : this.#options.blobReader.read(parentTree)
      return new Map(decodeTree(json).nodes.map((node) => [node.name, node]))
    } catch (error) {
      report.problems.push({ path: '' as ByteString, message: `parent snapshot: ${messageOf(error)}`, severity: 'warning' })
      return new Map()
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

function folderEntry(
  path: ByteString,
  known: { readonly node: TreeNode; readonly previous: TreeNode | undefined; readonly isOpaque: boolean },
): FolderEntry {
  const { node, previous, isOpaque } = known
  return {
    kind: 'folder',
    path,
    node,
    previousTree: previous?.type === 'dir' ? previous.subtree : undefined,
    previousNode: previous === undefined ? undefined : encodeNode(previous),
    isOpaque,
  }
}
