import { Alert, Anchor, Text } from '@mantine/core'
import { IconFileSearch, IconInfoCircle, IconSearch, IconZoomQuestion } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactElement, useMemo } from 'react'
import { useEndless } from '../../app/endless.ts'
import { useMessages } from '../../app/language.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { Page } from '../../ui/page.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { VirtualList } from '../../ui/virtual-list.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { ClientSelect } from '../clients/client-select.tsx'
import { type FoundRow, foundRows } from './found-groups.ts'
import { FoundLine } from './found-row.tsx'
import { fileSearchQuery } from './queries.ts'
import classes from './search.module.css'
import { searchMessages } from './search-messages.ts'
import { nameWithin } from './snapshot-path.ts'

const ROW_HEIGHT_PX = 58
const ROWS_MIN = 40

interface SearchPageSearch {
  readonly query?: string
  readonly clientId?: string
}

/** Finds files in all snapshots by their names, while somebody types. */
export function SearchPage(): ReactElement {
  const text = useMessages(searchMessages)
  const search: SearchPageSearch = useSearch({ strict: false })
  const navigate = useNavigate()
  const change = (changes: SearchPageSearch): void =>
    void navigate({ to: '/search', search: (now) => ({ ...now, ...changes }), replace: true })
  return (
    <Page title={text.title} description={text.description}>
      <search className={classes.fields}>
        <SearchField
          label={text.query}
          placeholder={text.hint}
          value={search.query ?? ''}
          onChange={(query) => change({ query: query || undefined })}
        />
        <ClientSelect
          label={text.client}
          placeholder={text.allClients}
          value={search.clientId}
          onChange={(clientId) => change({ clientId })}
          isClearable
        />
      </search>
      {search.query === undefined ? (
        <EmptyState icon={<IconSearch size={26} />} title={text.beginTitle}>
          {text.begin}
        </EmptyState>
      ) : (
        <Found query={search.query} clientId={search.clientId} />
      )}
    </Page>
  )
}

function Found({ query, clientId }: { readonly query: string; readonly clientId: string | undefined }): ReactElement {
  const text = useMessages(searchMessages)
  const list = useInfiniteQuery(fileSearchQuery(query, clientId))
  const files = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data])
  const rows = useMemo(() => foundRows(files), [files])
  const { hasNextPage } = list
  const { more, retry } = useEndless(list, { shown: rows.length, least: ROWS_MIN })
  if (list.isError && rows.length === 0) return <FailureNotice failure={list.error} retry={retry} />
  if (list.isPending || (rows.length === 0 && hasNextPage)) return <Waiting lines={8} height={40} />
  const pending = list.data?.pages.at(-1)?.pendingSnapshots ?? 0
  return (
    <>
      {pending === 0 ? null : (
        <Alert variant="light" color="blue" mb="sm" p="xs" icon={<IconInfoCircle aria-hidden />}>
          <Text size="sm">{text.pending(pending)}</Text>
        </Alert>
      )}
      {rows.length === 0 ? (
        <NothingFound query={query} />
      ) : (
        <>
          {list.isError ? <FailureNotice failure={list.error} retry={retry} /> : null}
          <Text size="sm" c="dimmed" mb={6} role="status">
            <IconFileSearch size={15} aria-hidden style={{ verticalAlign: '-2px' }} /> {text.found(files.length, !hasNextPage)}
          </Text>
          <div className={classes.card} aria-busy={list.isPlaceholderData}>
            <VirtualList items={rows} keyOf={keyOf} rowHeight={ROW_HEIGHT_PX} label={text.results} onNearEnd={more}>
              {(row) => <FoundLine row={row} />}
            </VirtualList>
          </div>
        </>
      )}
    </>
  )
}

/** A path finds nothing: names are what is searched. Its last name is one click away. */
function NothingFound({ query }: { readonly query: string }): ReactElement {
  const text = useMessages(searchMessages)
  const name = nameWithin(query)
  return (
    <EmptyState
      icon={<IconZoomQuestion size={26} />}
      title={text.noneTitle}
      actions={
        name === undefined ? undefined : (
          <Anchor
            size="sm"
            ta="center"
            renderRoot={(props) => <Link {...props} to="/search" search={(now: SearchPageSearch) => ({ ...now, query: name })} />}
          >
            {text.searchName}: <FileName>{name}</FileName>
          </Anchor>
        )
      }
    >
      {query.includes('/') ? text.noPaths : text.none}
    </EmptyState>
  )
}

function keyOf(row: FoundRow): string {
  return row.kind === 'client' ? `client ${row.clientId}` : `${row.file.clientId} ${row.file.path}`
}
