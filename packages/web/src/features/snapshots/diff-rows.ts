import type { SnapshotChange } from '@holdfast/protocol'
import { parentOf } from './snapshot-path.ts'

/** A line of a comparison: a folder with the path of the first change in it, or what changed in the folder above it. */
export type DiffRow =
  | { readonly kind: 'folder'; readonly path: string; readonly first: string }
  | { readonly kind: 'change'; readonly change: SnapshotChange }

/** Changes in the order of their paths, with a line wherever another folder begins. */
export function diffRows(changes: readonly SnapshotChange[]): readonly DiffRow[] {
  const rows: DiffRow[] = []
  let folder: string | undefined
  for (const change of changes) {
    const parent = parentOf(change.path)
    if (parent !== folder) rows.push({ kind: 'folder', path: parent, first: change.path })
    folder = parent
    rows.push({ kind: 'change', change })
  }
  return rows
}

/** How many bytes larger, or smaller, something became; undefined where nobody knows. */
export function grownBytes({ sizeBefore, sizeAfter, kind }: SnapshotChange): number | undefined {
  if (kind === 'dir' || (sizeBefore === null && sizeAfter === null)) return undefined
  return (sizeAfter ?? 0) - (sizeBefore ?? 0)
}

/** What can be asked for by itself. */
export const CHANGE_KINDS = ['added', 'removed', 'modified', 'metadata', 'type'] as const satisfies readonly SnapshotChange['change'][]
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** What is shown unless more is asked for: folders in which anything changed have changed properties, which nobody wants to know. */
const USUAL_KINDS: readonly ChangeKind[] = CHANGE_KINDS.filter((kind) => kind !== 'metadata')

/** The kinds that an address asks for, the usual ones when it asks for none. */
export function kindsOf(text: string | undefined): readonly ChangeKind[] {
  const asked = (text ?? '').split(',')
  const kinds = CHANGE_KINDS.filter((kind) => asked.includes(kind))
  return kinds.length === 0 ? USUAL_KINDS : kinds
}

/** As if the box of a kind was clicked; undefined stands for the usual ones, which also come back when none is left. */
export function toggledKind(kinds: readonly ChangeKind[], kind: ChangeKind): string | undefined {
  const next = CHANGE_KINDS.filter((one) => (one === kind ? !kinds.includes(one) : kinds.includes(one)))
  const text = next.join(',')
  return text === '' || text === USUAL_KINDS.join(',') ? undefined : text
}
