import type { SnapshotView } from '@holdfast/protocol'
import { Button } from '@mantine/core'
import { IconArrowsDiff } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { type ReactElement, useMemo } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { Page } from '../../ui/page.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { browserMessages } from './browser-messages.ts'
import { FolderBrowser } from './folder-browser.tsx'
import { snapshotMessages } from './messages.ts'
import { entriesQuery, type FolderView, snapshotQuery } from './queries.ts'
import { SnapshotMenu } from './snapshot-menu.tsx'
import { startFolder } from './snapshot-path.ts'
import { Marks } from './snapshot-row.tsx'

interface SnapshotPageSearch {
  readonly path?: string
  readonly sort?: string
  readonly order?: string
  readonly selected?: string
}

/** One snapshot, to look through. */
export function SnapshotPage(): ReactElement {
  const text = useMessages(browserMessages)
  const { snapshotId } = useParams({ strict: false })
  const snapshot = useQuery(snapshotQuery(Number(snapshotId)))
  if (snapshot.data !== undefined) return <OpenSnapshot key={snapshot.data.id} snapshot={snapshot.data} />
  return (
    <Page title={text.snapshots} breadcrumbs={[{ label: text.snapshots, to: '/snapshots' }]}>
      {snapshot.isError ? (
        <FailureNotice failure={snapshot.error} retry={() => void snapshot.refetch()} />
      ) : (
        <Waiting lines={10} height={18} />
      )}
    </Page>
  )
}

function OpenSnapshot({ snapshot }: { readonly snapshot: SnapshotView }): ReactElement {
  const text = useMessages(browserMessages)
  const all = useMessages(snapshotMessages)
  const format = useFormat()
  const navigate = useNavigate()
  const search: SnapshotPageSearch = useSearch({ strict: false })
  const view = useView(snapshot, search)
  const { clientId, planName, sizeBytes, fileCount } = snapshot
  const moment = format.second(snapshot.time)
  const facts = [...(fileCount === null ? [] : [all.filesCount(fileCount)]), ...(sizeBytes === null ? [] : [format.bytes(sizeBytes)])]
  return (
    <Page
      title={text.title(moment)}
      aside={<Marks snapshot={snapshot} />}
      description={
        <>
          <FileName>{snapshot.clientName ?? snapshot.hostname}</FileName>
          {planName === null ? null : (
            <>
              {' · '}
              <FileName>{planName}</FileName>
            </>
          )}
          {facts.map((fact) => ` · ${fact}`)}
        </>
      }
      breadcrumbs={[{ label: text.snapshots, to: '/snapshots' }]}
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconArrowsDiff size={16} aria-hidden />}
            renderRoot={(props) => (
              <Link
                to="/snapshots"
                search={{ compare: String(snapshot.id), ...(clientId === null ? {} : { clientId: String(clientId) }) }}
                {...props}
              />
            )}
          >
            {text.compare}
          </Button>
          <SnapshotMenu snapshot={snapshot} moment={moment} isOnItsPage onForgotten={() => void navigate({ to: '/snapshots' })} />
        </>
      }
    >
      {view === undefined ? (
        <Waiting lines={10} height={18} />
      ) : (
        <FolderBrowser snapshot={snapshot} view={view} selected={search.selected} />
      )}
    </Page>
  )
}

/** The folder that the address names; without one, that of what was saved, if it is there; undefined while nobody knows. */
function useView(snapshot: SnapshotView, { path, sort, order }: SnapshotPageSearch): FolderView | undefined {
  const view = useMemo<FolderView>(
    () => ({
      snapshotId: snapshot.id,
      path: path?.startsWith('/') === true ? path : '/',
      sort: sort === 'size' || sort === 'time' ? sort : 'name',
      order: order === 'desc' ? 'desc' : 'asc',
    }),
    [snapshot.id, path, sort, order],
  )
  const start = useMemo<FolderView>(() => ({ ...view, path: startFolder(snapshot.paths) }), [view, snapshot.paths])
  const isGuessed = path === undefined && start.path !== '/'
  const guess = useQuery({ ...entriesQuery(start, 0), enabled: isGuessed, retry: false })
  if (!isGuessed || guess.isError) return view
  return guess.isPending ? undefined : start
}
