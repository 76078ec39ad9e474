import { byteStringOf } from '../format/byte-string.ts'
import type { BlobId } from '../format/ids.ts'
import type { TreeNode } from '../format/node.ts'
import type { Snapshot, StoredSnapshot } from '../format/snapshot.ts'
import type { Timestamp } from '../format/timestamp.ts'
import { encodeNode, encodeTree } from '../format/tree.ts'
import { initRepository, type OpenRepository } from '../repository/open-repository.ts'
import type { RepositoryWriter } from '../repository/repository-writer.ts'
import { saveSnapshot } from '../snapshots/save-snapshot.ts'
import type { Storage } from '../storage/storage.ts'
import { MemoryStorage } from './memory-storage.ts'

/** A folder by what it holds: text is the content of a file, an object a folder below, a node is taken with its own name replaced. */
export interface FolderSpec {
  readonly [name: string]: string | FolderSpec | SampleNode
}

/** A node that a test spells out. */
export class SampleNode {
  readonly fields: Partial<TreeNode>

  constructor(fields: Partial<TreeNode>) {
    this.fields = fields
  }
}

export const SAMPLE_TIME: Timestamp = '2024-03-01T12:00:00.123456789Z' as Timestamp
export const SAMPLE_PASSWORD = 'sample'

/** A new repository, by default in memory; its key is derived at the least cost. */
export async function sampleRepository(options: { readonly version?: 1 | 2; readonly storage?: Storage } = {}): Promise<OpenRepository> {
  return initRepository(options.storage ?? new MemoryStorage(), {
    password: SAMPLE_PASSWORD,
    version: options.version ?? 2,
    cost: { N: 2, r: 1, p: 1 },
  })
}

/** Stores a folder with everything below it and returns the id of its tree. */
export async function saveFolder(writer: RepositoryWriter, folder: FolderSpec): Promise<BlobId> {
  const nodes: TreeNode[] = []
  for (const [text, entry] of Object.entries(folder)) {
    const name = byteStringOf(text)
    if (entry instanceof SampleNode) nodes.push({ ...plainNode, ...entry.fields, name })
    else if (typeof entry === 'string') nodes.push({ ...(await saveFile(writer, entry)), name })
    else nodes.push({ ...plainNode, name, type: 'dir', mode: 0o755 + 2 ** 31, subtree: await saveFolder(writer, entry) })
  }
  nodes.sort((a, b) => (a.name < b.name ? -1 : 1))
  return (await writer.saveBlob('tree', encodeTree(nodes.map(encodeNode)))).id
}

/** Stores a folder and a snapshot of it. */
export async function saveSample(repository: OpenRepository, folder: FolderSpec, fields: Partial<Snapshot> = {}): Promise<StoredSnapshot> {
  const indexed = await repository.loadIndex()
  const tree = await indexed.write((writer) => saveFolder(writer, folder))
  const snapshot: Snapshot = { time: SAMPLE_TIME, tree, paths: ['/sample'], hostname: 'alpha', username: 'user', ...fields }
  return { ...snapshot, id: await saveSnapshot(repository, snapshot) }
}

const plainNode: Omit<TreeNode, 'name'> = {
  type: 'file',
  mode: 0o644,
  mtime: SAMPLE_TIME,
  atime: SAMPLE_TIME,
  ctime: SAMPLE_TIME,
  uid: 1000,
  gid: 1000,
  content: null,
}

async function saveFile(writer: RepositoryWriter, text: string): Promise<Omit<TreeNode, 'name'>> {
  const bytes = Buffer.from(text, 'utf8')
  if (bytes.length === 0) return { ...plainNode, content: [], links: 1 }
  return { ...plainNode, size: bytes.length, links: 1, content: [(await writer.saveBlob('data', bytes)).id] }
}
