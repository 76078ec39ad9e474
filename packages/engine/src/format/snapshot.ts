import { goString } from './go-json.ts'
import { type BlobId, type SnapshotId, shortId } from './ids.ts'
import { parseJson, StoredObject } from './stored-json.ts'
import { type Timestamp, ZERO_TIMESTAMP } from './timestamp.ts'

/** Statistics that a backup leaves in its snapshot; field names as stored. Counts, and sizes in bytes. */
export interface SnapshotSummary {
  readonly backup_start: Timestamp
  readonly backup_end: Timestamp
  readonly files_new: number
  readonly files_changed: number
  readonly files_unmodified: number
  readonly dirs_new: number
  readonly dirs_changed: number
  readonly dirs_unmodified: number
  readonly data_blobs: number
  readonly tree_blobs: number
  readonly data_added: number
  readonly data_added_packed: number
  readonly total_files_processed: number
  readonly total_bytes_processed: number
}

/** What a backup that did nothing would leave. */
export const EMPTY_SUMMARY: SnapshotSummary = {
  backup_start: ZERO_TIMESTAMP,
  backup_end: ZERO_TIMESTAMP,
  files_new: 0,
  files_changed: 0,
  files_unmodified: 0,
  dirs_new: 0,
  dirs_changed: 0,
  dirs_unmodified: 0,
  data_blobs: 0,
  tree_blobs: 0,
  data_added: 0,
  data_added_packed: 0,
  total_files_processed: 0,
  total_bytes_processed: 0,
}

/** A snapshot as stored, field names as stored (restic's doc/design.rst, "Snapshots"). Absent fields are those Go leaves out when empty. */
export interface Snapshot {
  readonly time: Timestamp
  readonly parent?: SnapshotId
  readonly tree: BlobId
  /** Absolute paths, as text. */
  readonly paths: readonly string[]
  readonly hostname?: string
  readonly username?: string
  readonly uid?: number
  readonly gid?: number
  readonly excludes?: readonly string[]
  readonly tags?: readonly string[]
  readonly original?: SnapshotId
  readonly program_version?: string
  readonly summary?: SnapshotSummary
}

/** A snapshot together with the id of the file that holds it. */
export interface StoredSnapshot extends Snapshot {
  readonly id: SnapshotId
}

/** The counts of a summary in the order in which restic writes them, behind the two times. */
const SUMMARY_COUNTS = [
  'files_new',
  'files_changed',
  'files_unmodified',
  'dirs_new',
  'dirs_changed',
  'dirs_unmodified',
  'data_blobs',
  'tree_blobs',
  'data_added',
  'data_added_packed',
  'total_files_processed',
  'total_bytes_processed',
] as const satisfies readonly (keyof SnapshotSummary)[]

/** The plaintext of a snapshot file, as restic writes it. */
export function encodeSnapshot(snapshot: Snapshot): Buffer {
  let json = `{"time":"${snapshot.time}"`
  if (snapshot.parent) json += `,"parent":"${snapshot.parent}"`
  json += `,"tree":"${snapshot.tree}","paths":${encodeTexts(snapshot.paths)}`
  if (snapshot.hostname) json += `,"hostname":${goString(snapshot.hostname)}`
  if (snapshot.username) json += `,"username":${goString(snapshot.username)}`
  if (snapshot.uid) json += `,"uid":${snapshot.uid}`
  if (snapshot.gid) json += `,"gid":${snapshot.gid}`
  if (snapshot.excludes?.length) json += `,"excludes":${encodeTexts(snapshot.excludes)}`
  if (snapshot.tags?.length) json += `,"tags":${encodeTexts(snapshot.tags)}`
  if (snapshot.original) json += `,"original":"${snapshot.original}"`
  if (snapshot.program_version) json += `,"program_version":${goString(snapshot.program_version)}`
  if (snapshot.summary) json += `,"summary":${encodeSummary(snapshot.summary)}`
  return Buffer.from(`${json}}`, 'utf8')
}

/**
 * Reads the plaintext of a snapshot file. Fields that other programs add are ignored.
 *
 * @throws EngineError `data.malformed` without time or tree, and for a field of another type
 */
export function decodeSnapshot(bytes: Uint8Array, id: SnapshotId): StoredSnapshot {
  const what = `snapshot ${shortId(id)}`
  const fields = new StoredObject(parseJson(bytes, what), what)
  const summary = fields.optionalObject('summary')
  return withoutAbsent({
    id,
    time: fields.timestamp('time'),
    parent: fields.optionalId<SnapshotId>('parent'),
    tree: fields.id<BlobId>('tree'),
    paths: fields.optionalTexts('paths') ?? [],
    hostname: fields.optionalText('hostname'),
    username: fields.optionalText('username'),
    uid: fields.optionalUint32('uid'),
    gid: fields.optionalUint32('gid'),
    excludes: fields.optionalTexts('excludes'),
    tags: fields.optionalTexts('tags'),
    original: fields.optionalId<SnapshotId>('original'),
    program_version: fields.optionalText('program_version'),
    summary: summary && decodeSummary(summary),
  })
}

function encodeSummary(summary: SnapshotSummary): string {
  const counts = SUMMARY_COUNTS.map((field) => `"${field}":${summary[field]}`)
  return `{"backup_start":"${summary.backup_start}","backup_end":"${summary.backup_end}",${counts.join(',')}}`
}

/** A summary; what a program did not count is zero, as in Go. */
function decodeSummary(fields: StoredObject): SnapshotSummary {
  const counts = Object.fromEntries(SUMMARY_COUNTS.map((field) => [field, fields.optionalCount(field) ?? 0]))
  return {
    backup_start: fields.optionalTimestamp('backup_start') ?? ZERO_TIMESTAMP,
    backup_end: fields.optionalTimestamp('backup_end') ?? ZERO_TIMESTAMP,
    ...(counts as Record<(typeof SUMMARY_COUNTS)[number], number>),
  }
}

function encodeTexts(texts: readonly string[]): string {
  return `[${texts.map(goString).join(',')}]`
}

/** Drops fields that are undefined, which are not the same as absent ones to the compiler nor to a comparison. */
function withoutAbsent(snapshot: { readonly [Field in keyof StoredSnapshot]-?: StoredSnapshot[Field] | undefined }): StoredSnapshot {
  return Object.fromEntries(Object.entries(snapshot).filter(([, value]) => value !== undefined)) as unknown as StoredSnapshot
}
