import { type GroupKey, parseTimestamp, type StoredSnapshot, shortId } from '@holdfast/engine'
import { formatBytes } from './format.ts'
import { type Column, tableLines } from './table.ts'
import { localTime, zoneName } from './times.ts'

/** A snapshot in restic's JSON. */
export function snapshotJson({ id, ...fields }: StoredSnapshot): object {
  return { ...fields, id, short_id: shortId(id) }
}

/** One line about a snapshot: `snapshot 8656b036 of [/home] at 2024-05-01 17:30:00 by ann@box`. */
export function describeSnapshot({ id, paths, time, username, hostname }: StoredSnapshot): string {
  return `snapshot ${shortId(id)} of [${paths.join(' ')}] at ${localTime(time)} by ${username ?? ''}@${hostname ?? ''}`
}

/** The heading of a group of snapshots; undefined for the group of everything. */
export function groupHeading({ hostname, paths, tags }: GroupKey): string | undefined {
  const parts = [
    ...(hostname === '' ? [] : [`host [${hostname}]`]),
    ...(tags === null ? [] : [`tags [${tags.join(', ')}]`]),
    ...(paths === null ? [] : [`paths [${paths.join(', ')}]`]),
  ]
  return parts.length === 0 ? undefined : `snapshots for (${parts.join(', ')}):`
}

/** How a table of snapshots looks. */
export interface SnapshotTableOptions {
  readonly compact: boolean
  /** Why each of the snapshots is kept, by its id. */
  readonly reasons?: ReadonlyMap<string, readonly string[]>
}

/** The lines of restic's table of snapshots, oldest first. */
export function snapshotTable(snapshots: readonly StoredSnapshot[], options: SnapshotTableOptions): string[] {
  const { compact, reasons } = options
  const sorted = snapshots.toSorted((a, b) => compareMoments(a, b))
  const hasSize = sorted.some(({ summary }) => summary !== undefined)
  const columns: readonly (Column<StoredSnapshot> | undefined)[] = [
    { heading: 'ID', cell: ({ id }) => shortId(id) },
    { heading: 'Time', cell: ({ time }) => localTime(time) },
    { heading: compact ? 'Host' : 'Host      ', cell: ({ hostname }) => hostname ?? '' },
    { heading: compact ? 'Tags  ' : 'Tags      ', cell: ({ tags }) => (tags ?? []).join(compact ? '\n' : ',') },
    !compact && reasons !== undefined ? { heading: 'Reasons', cell: ({ id }) => (reasons.get(id) ?? []).join('\n') } : undefined,
    compact ? undefined : { heading: 'Paths', cell: ({ paths }) => paths.join('\n') },
    hasSize
      ? { heading: 'Size', cell: ({ summary }) => (summary === undefined ? '' : formatBytes(summary.total_bytes_processed)) }
      : undefined,
  ]
  const shown = columns.filter((column) => column !== undefined)
  return tableLines(shown, sorted, {
    footer: [`Timestamps shown in ${zoneName()}`, `${sorted.length} snapshots`],
    spaced: !compact && sorted.some(({ paths }) => paths.length > 1),
  })
}

function compareMoments(a: StoredSnapshot, b: StoredSnapshot): number {
  const [left, right] = [parseTimestamp(a.time), parseTimestamp(b.time)]
  return left.seconds - right.seconds || left.nanoseconds - right.nanoseconds
}
