import type { MachineEntry, MachineFolder } from '@holdfast/protocol'

/** What is known of one folder. */
export interface FolderState {
  readonly folder: MachineFolder | undefined
  readonly failure: unknown
}

/** How an entry stands to the selection: `within` a folder that is selected, `partly` when something in it is. */
export type Tick = 'on' | 'off' | 'within' | 'partly'

interface RowPlace {
  readonly key: string
  /** 1 for what the machine begins with. */
  readonly level: number
}

export interface EntryRow extends RowPlace {
  readonly kind: 'entry'
  readonly entry: MachineEntry
  readonly isFolder: boolean
  readonly isOpen: boolean
  readonly tick: Tick
  /** Among the entries of its folder, from 1, and how many those are. */
  readonly position: number
  readonly siblings: number
  /** The key of the row of its folder. */
  readonly parent: string | undefined
}

/** One line of the tree: an entry, or what there is to say of the folder above it. */
export type TreeRow =
  | EntryRow
  | (RowPlace & { readonly kind: 'waiting' | 'empty' | 'truncated' })
  | (RowPlace & { readonly kind: 'failed'; readonly path: string | undefined; readonly failure: unknown })

export interface TreeState {
  /** By address; the folders that the machine begins with are under ``. */
  readonly folders: ReadonlyMap<string, FolderState>
  /** Addresses of folders whose content is shown. */
  readonly open: ReadonlySet<string>
  readonly selected: readonly string[]
}

/** The lines of the tree from top to bottom. */
export function rowsOf(state: TreeState): readonly TreeRow[] {
  return rowsWithin('', { level: 1, parent: undefined, state, selected: new Set(state.selected) })
}

interface Place {
  readonly level: number
  readonly parent: string | undefined
  readonly state: TreeState
  readonly selected: ReadonlySet<string>
}

function rowsWithin(path: string, place: Place): TreeRow[] {
  const { level, state, parent } = place
  const { folder, failure } = state.folders.get(path) ?? { folder: undefined, failure: null }
  const key = `${path}//`
  if (folder === undefined) {
    if (failure === null) return [{ kind: 'waiting', key, level }]
    return [{ kind: 'failed', key, level, failure, path: path === '' ? undefined : path }]
  }
  if (folder.entries.length === 0) return [{ kind: 'empty', key, level }]
  const rows = folder.entries.flatMap((entry, index): TreeRow[] => {
    const isFolder = entry.kind === 'dir'
    const isOpen = isFolder && state.open.has(entry.path)
    const tick = tickOf(entry, place)
    const position = { position: index + 1, siblings: folder.entries.length, parent }
    const row: EntryRow = { kind: 'entry', key: entry.path, level, entry, isFolder, isOpen, tick, ...position }
    return isOpen ? [row, ...rowsWithin(entry.path, { ...place, level: level + 1, parent: entry.path })] : [row]
  })
  return folder.isTruncated ? [...rows, { kind: 'truncated', key, level }] : rows
}

function tickOf({ selectionPath, path }: MachineEntry, { state, selected }: Place): Tick {
  // A name that no plan can hold is in a backup only by a folder above it.
  const own = selectionPath ?? path
  if (selectionPath !== null && selected.has(selectionPath)) return 'on'
  if (foldersAbove(own).some((folder) => selected.has(folder))) return 'within'
  const below = own === '/' ? '/' : `${own}/`
  return state.selected.some((one) => one.startsWith(below) && one !== own) ? 'partly' : 'off'
}

/** The folders above a path, nearest first. */
function foldersAbove(path: string): readonly string[] {
  const above: string[] = []
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) above.push(path.slice(0, end))
  return path === '/' ? above : [...above, '/']
}

/** The selection when a path is ticked or unticked. What is in a folder that is ticked need not be named any more. */
export function toggled(selected: readonly string[], path: string): readonly string[] {
  if (selected.includes(path)) return selected.filter((one) => one !== path)
  const below = path === '/' ? '/' : `${path}/`
  return [...selected.filter((one) => !one.startsWith(below)), path]
}
