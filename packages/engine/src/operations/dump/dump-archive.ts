import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ZipFile } from 'yazl'
import { type ByteString, bytesOf } from '../../format/byte-string.ts'
import { statModeFromGo } from '../../format/file-mode.ts'
import type { BlobId } from '../../format/ids.ts'
import type { TreeNode } from '../../format/node.ts'
import { parseTimestamp, timestampToMs } from '../../format/timestamp.ts'
import type { IndexedRepository } from '../../repository/indexed-repository.ts'
import { aclText } from './acl-text.ts'
import { type ArchiveEntry, type ArchiveOptions, archiveEntries } from './archive-entries.ts'
import { contentBytes, dumpFile } from './dump-file.ts'
import { encodeTarHeader, paddingAfter, TAR_END } from './tar-header.ts'
import { ZipNames } from './zip-names.ts'

/** How restic calls the ACLs of Linux in an archive: star's names. */
const ACL_RECORDS: ReadonlyMap<string, string> = new Map([
  ['system.posix_acl_access', 'SCHILY.acl.access'],
  ['system.posix_acl_default', 'SCHILY.acl.default'],
])

/** Zip can date nothing before that, and not all of its fields anything after. */
const ZIP_TIME_MIN_MS = Date.UTC(1980, 0, 1)
const ZIP_TIME_MAX_MS = Date.UTC(2038, 0, 1)

const STAT_KINDS = { file: 0o100000, dir: 0o040000, symlink: 0o120000 } as const

/**
 * A tar archive of everything below `tree`: names as bytes, times to the nanosecond, owners, extended attributes and ACLs.
 *
 * @throws EngineError as {@link archiveEntries} and {@link dumpFile}; the archive is cut off then
 */
export async function* dumpTar(indexed: IndexedRepository, tree: BlobId, options: ArchiveOptions = {}): AsyncGenerator<Buffer, void> {
  for await (const entry of archiveEntries(indexed, tree, options)) {
    const content = entry.node.type === 'file' ? (entry.node.content ?? []) : []
    const sizeBytes = contentBytes(indexed, content)
    yield tarHeader(entry, sizeBytes)
    yield* dumpFile(indexed, content, { signal: options.signal })
    if (sizeBytes % 512 !== 0) yield paddingAfter(sizeBytes)
  }
  yield TAR_END
}

/**
 * A zip archive of everything below `tree`, with permissions and times to the second. Names are text there, and
 * each is there once: {@link ZipNames} says how. The list of entries, written at the end, is kept in memory.
 *
 * @throws EngineError as {@link archiveEntries} and {@link dumpFile}; the archive is cut off then
 */
export async function* dumpZip(indexed: IndexedRepository, tree: BlobId, options: ArchiveOptions = {}): AsyncGenerator<Buffer, void> {
  const zip = new ZipFile()
  const output = zip.outputStream
  const current: CurrentFile = { stream: undefined }
  const fail = (error: unknown): void => void output.destroy(error instanceof Error ? error : new Error(String(error)))
  zip.on('error', fail)
  // Whoever iterates meets it; one that comes after the end has no one to meet.
  output.on('error', () => undefined)
  const filling = fillZip(zip, { indexed, entries: archiveEntries(indexed, tree, options), options, current }).catch(fail)
  try {
    for await (const chunk of output) yield chunk as Buffer
  } finally {
    output.destroy()
    current.stream?.destroy()
    await filling
  }
}

function tarHeader({ path, node }: ArchiveEntry, sizeBytes: number): Buffer {
  const type = node.type === 'dir' || node.type === 'symlink' ? node.type : 'file'
  return encodeTarHeader({
    path: type === 'dir' ? (`${path}/` as ByteString) : path,
    type,
    mode: statModeFromGo(node.mode ?? 0),
    uid: node.uid,
    gid: node.gid,
    user: node.user ?? '',
    group: node.group ?? '',
    sizeBytes,
    modified: parseTimestamp(node.mtime),
    linkTarget: node.linktarget ?? ('' as ByteString),
    records: attributeRecords(node),
  })
}

function attributeRecords({ extended_attributes: attributes = [] }: TreeNode): Map<string, Buffer> {
  const records = new Map<string, Buffer>()
  for (const { name, value } of attributes) {
    const bytes = Buffer.from(value ?? '', 'base64')
    const aclRecord = ACL_RECORDS.get(name)
    const text = aclRecord === undefined ? undefined : aclText(bytes)
    if (aclRecord === undefined) records.set(`SCHILY.xattr.${name}`, bytes)
    else if (text !== undefined) records.set(aclRecord, Buffer.from(text))
  }
  return records
}

interface ZipSource {
  readonly indexed: IndexedRepository
  readonly entries: AsyncIterable<ArchiveEntry>
  readonly options: ArchiveOptions
  readonly current: CurrentFile
}

/** The file that goes into an archive now. */
interface CurrentFile {
  stream: Readable | undefined
}

async function fillZip(zip: ZipFile, { indexed, entries, options, current }: ZipSource): Promise<void> {
  const names = new ZipNames()
  for await (const { path, node } of entries) {
    const name = names.nameOf(path)
    const kind = node.type === 'dir' || node.type === 'symlink' ? node.type : 'file'
    const mtime = new Date(Math.min(Math.max(timestampToMs(node.mtime), ZIP_TIME_MIN_MS), ZIP_TIME_MAX_MS))
    const mode = STAT_KINDS[kind] | statModeFromGo(node.mode ?? 0)
    if (kind === 'dir') zip.addEmptyDirectory(name, { mtime, mode })
    else if (kind === 'symlink') zip.addBuffer(bytesOf(node.linktarget ?? ('' as ByteString)), name, { mtime, mode, compress: false })
    else {
      const content = node.content ?? []
      const source = Readable.from(dumpFile(indexed, content, { signal: options.signal }), { objectMode: false })
      current.stream = source
      zip.addReadStream(source, name, { mtime, mode, size: contentBytes(indexed, content) })
      // One file after the other: what waits for its turn would read ahead as well.
      await finished(source)
    }
  }
  zip.end()
}
