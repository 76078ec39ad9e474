import { snapshotPathOf } from '../batch-upload.ts'
import { PathSpace } from '../path-space.ts'
import type { StoredFile } from '../store.ts'
import type { KeptSnapshot } from './store.ts'

/** A snapshot of uploaded files, with what of it stays and what goes. */
export interface SnapshotContent {
  readonly snapshot: KeptSnapshot
  readonly kept: readonly StoredFile[]
  readonly dropped: readonly StoredFile[]
}

/** Snapshots, oldest first, of which one is made, or none where nothing of them stays. */
export type Rebuild = readonly SnapshotContent[]

/** So many small snapshots are made one, */
const MERGED_MIN = 8
/** or any number, where a client has more snapshots than this. */
const SNAPSHOTS_MANY = 24
/** Files of a snapshot that is made of several. */
const MERGED_FILES_MAX = 20_000
/** What is smaller is made part of another without much thought; what is larger, only with as many others that it is worth the while. */
const SMALL_FILES = 500
const GROWTH = 4

/**
 * What is to be done to the snapshots of a client: versions that have expired go, and small snapshots become one where their files can lie
 * side by side. Pinned snapshots stay as they are, and those that somebody has tagged stay by themselves.
 */
export function planRebuilds(
  { files, snapshots }: { readonly files: readonly StoredFile[]; readonly snapshots: readonly KeptSnapshot[] },
  expired: ReadonlySet<StoredFile>,
): readonly Rebuild[] {
  const bySnapshot = Map.groupBy(files, ({ register_id }) => register_id)
  const contents = snapshots
    .filter(({ is_pinned }) => is_pinned === 0)
    .map((snapshot): SnapshotContent => {
      const { kept = [], dropped = [] } = Object.groupBy(bySnapshot.get(snapshot.id) ?? [], (file) =>
        expired.has(file) ? 'dropped' : 'kept',
      )
      return { snapshot, kept, dropped }
    })
  const empty = contents.filter(({ kept, dropped }) => kept.length === 0 && dropped.length > 0)
  const others = contents.filter(({ kept }) => kept.length > 0)
  const merges = [...Map.groupBy(others, ({ snapshot }) => snapshot.tags).values()].flatMap(mergesOf)
  const merged = new Set(merges.flat())
  const changed = others.filter((content) => content.dropped.length > 0 && !merged.has(content))
  return [...empty.map((content) => [content]), ...merges, ...changed.map((content) => [content])]
}

/** Groups of snapshots whose files can lie side by side. */
function mergesOf(contents: readonly SnapshotContent[]): readonly SnapshotContent[][] {
  const groups: { readonly space: PathSpace; readonly members: SnapshotContent[] }[] = []
  for (const content of contents) {
    if (content.kept.length > MERGED_FILES_MAX / 2) continue
    const paths = content.kept.map(({ path }) => snapshotPathOf(path))
    const found = groups.find(({ space }) => space.size + paths.length <= MERGED_FILES_MAX && paths.every((path) => space.fits(path)))
    const group = found ?? { space: new PathSpace(), members: [] }
    if (found === undefined) groups.push(group)
    for (const path of paths) group.space.add(path)
    group.members.push(content)
  }
  const least = contents.length > SNAPSHOTS_MANY ? 2 : MERGED_MIN
  return groups.map(({ members }) => worthwhile(members)).filter(({ length }) => length >= least)
}

/** Of a group those that are not so large beside the others that they would be written again and again. In their order. */
function worthwhile(members: readonly SnapshotContent[]): SnapshotContent[] {
  const chosen = new Set<SnapshotContent>()
  let sum = 0
  for (const content of members.toSorted((a, b) => a.kept.length - b.kept.length)) {
    if (content.kept.length > Math.max(SMALL_FILES, GROWTH * sum)) break
    chosen.add(content)
    sum += content.kept.length
  }
  return members.filter((content) => chosen.has(content))
}
