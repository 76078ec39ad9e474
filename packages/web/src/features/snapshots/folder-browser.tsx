import type { SnapshotEntry, SnapshotView } from '@holdfast/protocol'
import { Drawer, Text } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactElement, type ReactNode, useCallback, useEffect, useState } from 'react'
import { later } from '../../app/clock.ts'
import { useMessages } from '../../app/language.tsx'
import { queryClient } from '../../app/query-client.ts'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { RestoreDialog } from '../restores/later-restore-dialog.ts'
import { browserMessages } from './browser-messages.ts'
import { EntryPane, NoEntry } from './entry-pane.tsx'
import classes from './folder.module.css'
import { FolderBar } from './folder-bar.tsx'
import { FolderList } from './folder-list.tsx'
import { FolderTrail } from './folder-trail.tsx'
import { entriesQuery, type FolderOrder, type FolderView, placeQuery } from './queries.ts'
import { nameOf, parentOf } from './snapshot-path.ts'
import { type FolderState, useFolderState } from './use-folder-state.ts'

/** The address follows the cursor, but not at the speed of a key that is held down. */
const ADDRESS_MS = 250
/** A folder under the cursor is fetched ahead. */
const AHEAD_MS = 120

export interface FolderBrowserProps {
  readonly snapshot: SnapshotView
  readonly view: FolderView
  /** The path of the entry that the address names. */
  readonly selected: string | undefined
}

/** Looks through the folders of a snapshot as a file manager does. */
export function FolderBrowser({ snapshot, view, selected }: FolderBrowserProps): ReactElement {
  const text = useMessages(browserMessages)
  const go = useGo(snapshot.id)
  const first = useQuery(entriesQuery(view, 0))
  const state = useFolderState(view)
  const [entry, setEntry] = useState<SnapshotEntry>()
  const [restored, setRestored] = useState<readonly SnapshotEntry[] | readonly string[]>()
  const [isPaneOpen, setPaneOpen] = useState(false)
  useSelected({ view, selected, state })
  useFollowing({ entry, selected, view, go })
  const up = useCallback(() => {
    if (view.path !== '/') go({ path: parentOf(view.path), selected: view.path })
  }, [go, view.path])
  const open = (opened: SnapshotEntry): void => {
    if (opened.kind === 'dir') go({ path: opened.path, selected: undefined })
    else setPaneOpen(true)
  }
  const count = first.data?.count ?? 0
  const pane = entry === undefined ? <NoEntry /> : <EntryPane snapshot={snapshot} entry={entry} onRestore={(one) => setRestored([one])} />
  return (
    <>
      <FolderTrail snapshotId={snapshot.id} path={view.path} />
      <div className={classes.browser}>
        <div className={classes.list}>
          <FolderBar
            snapshotId={snapshot.id}
            path={view.path}
            count={count}
            selection={state.selection}
            onUp={up}
            onClear={state.chooseNothing}
            onRestore={setRestored}
          />
          {first.isError ? <FailureNotice failure={first.error} retry={() => void first.refetch()} /> : null}
          {first.isPending ? (
            <div className={classes.loading}>
              <Waiting lines={10} height={18} />
            </div>
          ) : null}
          {first.isError ? null : (
            <FolderList
              view={view}
              count={count}
              state={state}
              onSort={(order: FolderOrder) => go({ ...order, selected: entry?.path })}
              onEntry={setEntry}
              onOpen={open}
              onUp={up}
            />
          )}
          {first.data?.count === 0 ? (
            <Text size="sm" c="dimmed" ta="center" p="md">
              {text.empty}
            </Text>
          ) : null}
        </div>
        <Pane isOpen={isPaneOpen && entry !== undefined} onClose={() => setPaneOpen(false)}>
          {pane}
        </Pane>
      </div>
      {restored === undefined ? null : (
        <RestoreDialog snapshot={snapshot} paths={restored.map(restoredPath)} onClose={() => setRestored(undefined)} />
      )}
    </>
  )
}

interface PaneProps {
  /** On a narrow screen the pane comes when something is opened, and lies above the list. */
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly children: ReactNode
}

function Pane({ isOpen, onClose, children }: PaneProps): ReactElement {
  const text = useMessages(browserMessages)
  const isNarrow = useMediaQuery('(max-width: 62em)', false, { getInitialValueInEffect: false })
  if (!isNarrow) {
    return (
      <aside className={classes.pane} aria-label={text.details}>
        {children}
      </aside>
    )
  }
  return (
    <Drawer
      opened={isOpen}
      onClose={onClose}
      position="bottom"
      size="80%"
      title={text.details}
      closeButtonProps={{ 'aria-label': text.close }}
    >
      {children}
    </Drawer>
  )
}

function restoredPath(one: SnapshotEntry | string): { readonly path: string; readonly name: string; readonly isFile: boolean } {
  if (typeof one === 'string') return { path: one, name: one === '/' ? '/' : nameOf(one), isFile: false }
  return { path: one.path, name: one.name, isFile: one.kind === 'file' }
}

interface BrowserSearch {
  readonly path?: string
  readonly sort?: string
  readonly order?: string
  readonly selected?: string | undefined
}

type Go = (changes: BrowserSearch, options?: { readonly replace: boolean }) => void

function useGo(snapshotId: number): Go {
  const navigate = useNavigate()
  return useCallback(
    (changes, options = { replace: false }) =>
      void navigate({
        to: '/snapshots/$snapshotId',
        params: { snapshotId: String(snapshotId) },
        search: (now) => ({ ...now, ...changes }),
        resetScroll: false,
        ...options,
      }),
    [navigate, snapshotId],
  )
}

/** Puts the cursor on the entry that the address names, once, when a folder is opened. */
function useSelected({
  view,
  selected,
  state,
}: {
  readonly view: FolderView
  readonly selected: string | undefined
  readonly state: FolderState
}): void {
  const isWanted = selected !== undefined && state.cursor === undefined && parentOf(selected) === view.path
  const place = useQuery({ ...placeQuery(view, { entry: selected ?? '/' }), enabled: isWanted })
  const found = place.data?.place ?? undefined
  const { moveTo } = state
  useEffect(() => {
    if (isWanted && found !== undefined) moveTo(found)
  }, [isWanted, found, moveTo])
}

interface Following {
  readonly entry: SnapshotEntry | undefined
  readonly selected: string | undefined
  readonly view: FolderView
  readonly go: Go
}

/** Writes the entry under the cursor into the address, and fetches the folder that it may be ahead. */
function useFollowing({ entry, selected, view, go }: Following): void {
  const path = entry?.path
  useEffect(() => {
    if (path === undefined || path === selected) return undefined
    if (parentOf(path) !== view.path) return undefined
    return later(ADDRESS_MS, () => go({ path: view.path, selected: path }, { replace: true }))
  }, [path, selected, view.path, go])
  useEffect(() => {
    if (path === undefined || entry?.kind !== 'dir') return undefined
    return later(AHEAD_MS, () => void queryClient.prefetchQuery(entriesQuery({ ...view, path }, 0)))
  }, [path, entry?.kind, view])
}
