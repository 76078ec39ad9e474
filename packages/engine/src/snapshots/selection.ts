import { EngineError } from '../errors.ts'
import type { StoredSnapshot } from '../format/snapshot.ts'
import { type Instant, parseTimestamp } from '../format/timestamp.ts'
import { compareInstants } from './calendar.ts'
import { formatTagList, hasAnyTagList, type TagList } from './tag-list.ts'

/** Which snapshots are meant: those that fit all three. What is absent or empty fits everything. */
export interface SnapshotFilter {
  /** The host is one of these. */
  readonly hosts?: readonly string[]
  /** At least one of these lists is fulfilled. */
  readonly tags?: readonly TagList[]
  /** All of these are among the paths of the snapshot, letter by letter: absolute, without a slash at the end. */
  readonly paths?: readonly string[]
}

/** One snapshot and perhaps a folder in it, as named on a command line: `latest`, `latest~2`, `4bba301e`, `4bba301e:/home/work`. */
export interface SnapshotSpec {
  /** The newest (`age` 0), the one before that (1) and so on, or a snapshot whose id begins with `idPrefix`. */
  readonly which: { readonly age: number } | { readonly idPrefix: string }
  /** What follows the first colon; empty where there is none. */
  readonly subfolder: string
}

export interface SnapshotSelection {
  /** Each one once. */
  readonly snapshots: readonly StoredSnapshot[]
  /** Snapshots were named by id alone, so that a filter that was given had no say: worth a warning. */
  readonly filterIgnored: boolean
}

const LATEST = /^latest(?:~(\d{1,9}))?$/
const ID_PREFIX = /^[0-9a-f]{1,64}$/

/** The snapshots that fit a filter, in the order given. */
export function filterSnapshots<Member extends Pick<StoredSnapshot, 'hostname' | 'tags' | 'paths'>>(
  snapshots: readonly Member[],
  filter: SnapshotFilter,
): Member[] {
  return snapshots.filter((snapshot) => fits(snapshot, filter))
}

/**
 * Reads the name of a snapshot.
 *
 * @throws EngineError `input.invalid` where it is neither `latest`, `latest~n` nor hexadecimal digits
 */
export function parseSnapshotSpec(text: string): SnapshotSpec {
  const colon = text.indexOf(':')
  const name = colon === -1 ? text : text.slice(0, colon)
  const subfolder = colon === -1 ? '' : text.slice(colon + 1)
  const latest = LATEST.exec(name)
  if (latest !== null) return { which: { age: Number(latest[1] ?? 0) }, subfolder }
  if (ID_PREFIX.test(name)) return { which: { idPrefix: name }, subfolder }
  throw new EngineError('input.invalid', `Cannot read snapshot ${quoted(name)}: neither "latest", "latest~n" nor the beginning of an id`)
}

/**
 * The snapshot that a text names, with the folder in it. `filter` counts only for `latest`; an id is looked up among all. Of snapshots made
 * at the same moment the one given last is the latest.
 *
 * @throws EngineError `input.invalid`, `snapshot.not-found`, `snapshot.ambiguous`
 */
export function findSnapshot(
  snapshots: readonly StoredSnapshot[],
  text: string,
  filter: SnapshotFilter = {},
): { readonly snapshot: StoredSnapshot; readonly subfolder: string } {
  const { which, subfolder } = parseSnapshotSpec(text)
  const snapshot = 'age' in which ? findByAge(snapshots, which.age, filter) : findById(snapshots, which.idPrefix)
  return { snapshot, subfolder }
}

/**
 * The snapshots that a command for several works on: those that are named, or where none are, all that fit the filter. Folders in snapshots
 * cannot be named here.
 *
 * @throws EngineError `input.invalid`, `snapshot.not-found`, `snapshot.ambiguous`
 */
export function selectSnapshots(
  snapshots: readonly StoredSnapshot[],
  names: readonly string[],
  filter: SnapshotFilter = {},
): SnapshotSelection {
  if (names.length === 0) return { snapshots: filterSnapshots(snapshots, filter), filterIgnored: false }
  const selected = new Map<string, StoredSnapshot>()
  let filterUsed = false
  for (const name of names) {
    if (name.includes(':')) throw new EngineError('input.invalid', `Cannot use snapshot ${quoted(name)}: a folder cannot be named here`)
    filterUsed ||= 'age' in parseSnapshotSpec(name).which
    const { snapshot } = findSnapshot(snapshots, name, filter)
    selected.set(snapshot.id, snapshot)
  }
  return { snapshots: [...selected.values()], filterIgnored: !filterUsed && !fitsEverything(filter) }
}

function findByAge(snapshots: readonly StoredSnapshot[], age: number, filter: SnapshotFilter): StoredSnapshot {
  const dated = filterSnapshots(snapshots, filter).map((snapshot): { snapshot: StoredSnapshot; instant: Instant } => ({
    snapshot,
    instant: parseTimestamp(snapshot.time),
  }))
  const found = dated.sort((left, right) => compareInstants(left.instant, right.instant)).at(-1 - age)
  if (found !== undefined) return found.snapshot
  const state = dated.length === 0 ? 'no snapshot' : `only ${dated.length} ${dated.length === 1 ? 'snapshot' : 'snapshots'}`
  throw new EngineError(
    'snapshot.not-found',
    `Cannot find ${age === 0 ? 'latest snapshot' : `snapshot latest~${age}`}: ${state}${describeFilter(filter)}`,
  )
}

function findById(snapshots: readonly StoredSnapshot[], idPrefix: string): StoredSnapshot {
  const [found, other] = snapshots.filter(({ id }) => id.startsWith(idPrefix))
  if (found === undefined) throw new EngineError('snapshot.not-found', `Cannot find snapshot ${quoted(idPrefix)}: no id begins with that`)
  if (other !== undefined)
    throw new EngineError('snapshot.ambiguous', `Cannot choose snapshot ${quoted(idPrefix)}: more than one id begins with that`)
  return found
}

function fits(
  snapshot: Pick<StoredSnapshot, 'hostname' | 'tags' | 'paths'>,
  { hosts = [], tags = [], paths = [] }: SnapshotFilter,
): boolean {
  if (hosts.length > 0 && !hosts.includes(snapshot.hostname ?? '')) return false
  return hasAnyTagList(snapshot.tags, tags) && paths.every((path) => snapshot.paths.includes(path))
}

function fitsEverything({ hosts = [], tags = [], paths = [] }: SnapshotFilter): boolean {
  return hosts.length + tags.length + paths.length === 0
}

function describeFilter(filter: SnapshotFilter): string {
  if (fitsEverything(filter)) return ' in the repository'
  const { hosts = [], tags = [], paths = [] } = filter
  const parts = [
    ...(hosts.length > 0 ? [`hosts ${hosts.join(', ')}`] : []),
    ...(tags.length > 0 ? [`tags ${tags.map(formatTagList).join(' or ')}`] : []),
    ...(paths.length > 0 ? [`paths ${paths.join(', ')}`] : []),
  ]
  return ` fits ${parts.join(' and ')}`
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 80))
}
