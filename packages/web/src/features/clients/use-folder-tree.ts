import type { MachineFolder } from '@holdfast/protocol'
import { type UseQueryResult, useQueries } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import { folderFailure, machineFolderQuery } from './folder-queries.ts'
import { type FolderState, rowsOf, type TreeRow } from './folder-rows.ts'

export interface FolderTreeModel {
  readonly rows: readonly TreeRow[]
  /** Shows or hides what is in a folder. */
  toggleOpen(path: string): void
  /** Asks again for a folder that could not be read; undefined stands for what the machine begins with. */
  retry(path: string | undefined): void
}

/** The folders of a machine that are open, each asked for when it is opened. */
export function useFolderTree(clientId: number, selected: readonly string[]): FolderTreeModel {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const paths = useMemo(() => ['', ...open], [open])
  const answers = useQueries({ queries: paths.map((path) => machineFolderQuery(clientId, path === '' ? undefined : path)) })
  const folders = new Map(paths.map((path, index) => [path, stateOf(answers[index])]))
  const roots = folders.get('')?.folder?.entries
  const onlyRoot = roots?.length === 1 ? roots[0]?.path : undefined
  // A machine that begins with one folder is shown with that folder open.
  useEffect(() => {
    if (onlyRoot !== undefined) setOpen((before) => new Set([...before, onlyRoot]))
  }, [onlyRoot])
  return {
    rows: rowsOf({ folders, open, selected }),
    toggleOpen: (path) =>
      setOpen((before) => (before.has(path) ? new Set([...before].filter((one) => one !== path)) : new Set([...before, path]))),
    retry: (path) => void answers[paths.indexOf(path ?? '')]?.refetch(),
  }
}

function stateOf(answer: UseQueryResult<MachineFolder> | undefined): FolderState {
  return { folder: answer?.data, failure: answer === undefined ? null : folderFailure(answer) }
}
