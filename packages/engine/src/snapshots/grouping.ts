import { EngineError } from '../errors.ts'
import type { Snapshot } from '../format/snapshot.ts'

/** By what snapshots are grouped; nothing at all makes one group of them. */
export interface GroupBy {
  readonly host: boolean
  readonly paths: boolean
  readonly tags: boolean
}

/** restic's default for forget. */
export const GROUP_BY_HOST_AND_PATHS: GroupBy = { host: true, paths: true, tags: false }

/** What the snapshots of a group have in common, in the form and order of restic's JSON. What is not grouped by is empty or null. */
export interface GroupKey {
  readonly hostname: string
  readonly paths: readonly string[] | null
  readonly tags: readonly string[] | null
}

export interface SnapshotGroup<Member> {
  readonly key: GroupKey
  /** In the order in which they were given. */
  readonly snapshots: readonly Member[]
}

/**
 * Reads the value of `--group-by`: any of `host`, `paths` and `tags` (or `hosts`, `path`, `tag`) separated by commas; the empty text means
 * no grouping.
 *
 * @throws EngineError `input.invalid`
 */
export function parseGroupBy(text: string): GroupBy {
  const groupBy = { host: false, paths: false, tags: false }
  for (const option of text.split(',')) {
    if (option === 'host' || option === 'hosts') groupBy.host = true
    else if (option === 'path' || option === 'paths') groupBy.paths = true
    else if (option === 'tag' || option === 'tags') groupBy.tags = true
    else if (option !== '')
      throw new EngineError('input.invalid', `Cannot group snapshots by ${JSON.stringify(option)}: only host, paths and tags`)
  }
  return groupBy
}

/** The value of `--group-by` that means the same. */
export function formatGroupBy({ host, paths, tags }: GroupBy): string {
  return [...(host ? ['host'] : []), ...(paths ? ['paths'] : []), ...(tags ? ['tags'] : [])].join(',')
}

/**
 * Divides snapshots into groups. Paths and tags are compared as sorted lists in which nothing is dropped, so the order in which a backup
 * named them makes no difference but naming one twice does. The groups are sorted by host, paths and tags; restic gives them in no
 * particular order.
 */
export function groupSnapshots<Member extends Pick<Snapshot, 'hostname' | 'paths' | 'tags'>>(
  snapshots: readonly Member[],
  groupBy: GroupBy,
): SnapshotGroup<Member>[] {
  const groups = new Map<string, { readonly key: GroupKey; readonly snapshots: Member[] }>()
  for (const snapshot of snapshots) {
    const key = groupKey(snapshot, groupBy)
    const name = JSON.stringify(key)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, { key, snapshots: [snapshot] })
    else group.snapshots.push(snapshot)
  }
  return [...groups.values()].sort((left, right) => compareKeys(left.key, right.key))
}

/** What people read of a group, in restic's words: `host alpha, path [/home], tags [a b]`; empty for the group of everything. */
export function describeGroup({ hostname, paths, tags }: GroupKey): string {
  const parts: string[] = []
  if (hostname !== '') parts.push(`host ${hostname}`)
  if (paths !== null && paths.length > 0) parts.push(`path [${paths.join(' ')}]`)
  if (tags !== null && tags.length > 0) parts.push(`tags [${tags.join(' ')}]`)
  return parts.join(', ')
}

function groupKey(snapshot: Pick<Snapshot, 'hostname' | 'paths' | 'tags'>, groupBy: GroupBy): GroupKey {
  const { tags } = snapshot
  return {
    hostname: groupBy.host ? (snapshot.hostname ?? '') : '',
    paths: groupBy.paths ? [...snapshot.paths].sort(compareText) : null,
    // Go's JSON leaves an empty list of tags out of a snapshot, so there is none to tell from an absent one.
    tags: groupBy.tags && tags !== undefined && tags.length > 0 ? [...tags].sort(compareText) : null,
  }
}

function compareKeys(left: GroupKey, right: GroupKey): number {
  return compareText(left.hostname, right.hostname) || compareLists(left.paths, right.paths) || compareLists(left.tags, right.tags)
}

function compareLists(left: readonly string[] | null, right: readonly string[] | null): number {
  const [shorter, longer] = [left ?? [], right ?? []]
  for (const [index, text] of shorter.entries()) {
    const other = longer[index]
    if (other === undefined) return 1
    const order = compareText(text, other)
    if (order !== 0) return order
  }
  return shorter.length - longer.length
}

/** The order of Go's strings, which is that of their UTF-8. */
function compareText(left: string, right: string): number {
  return left === right ? 0 : Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8'))
}
