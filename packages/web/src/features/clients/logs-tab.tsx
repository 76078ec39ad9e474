import type { ClientLogPage, LogLevel } from '@holdfast/protocol'
import { Button, Flex, NativeSelect, Text } from '@mantine/core'
import { IconListSearch, IconNotesOff } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { type ReactElement, useMemo } from 'react'
import { useEndless } from '../../app/endless.ts'
import { useMessages } from '../../app/language.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { Section } from '../../ui/section.tsx'
import { VirtualList } from '../../ui/virtual-list.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { clientPageMessages } from './client-messages.ts'
import classes from './client-page.module.css'
import { LOG_LEVELS, LogLine, useLevelLabels } from './log-line.tsx'
import { clientLogQuery, type LogFilter } from './queries.ts'

const NEWEST = 50
const route = getRouteApi('/shell/clients/$clientId')

/** What an agent said: its last lines, and on demand all that are kept. What is searched for is in the address. */
export function LogsTab({ clientId }: { readonly clientId: number }): ReactElement {
  const text = useMessages(clientPageMessages)
  const { search, level, lines } = route.useSearch()
  const navigate = useNavigate({ from: '/clients/$clientId' })
  const wanted = LOG_LEVELS.find((one) => one === level)
  const showsAll = lines === 'all' || search !== undefined || wanted !== undefined
  const filter: LogFilter = {
    ...(search === undefined ? {} : { search: search.slice(0, 200) }),
    ...(wanted === undefined ? {} : { level: wanted }),
    ...(showsAll ? {} : { limit: NEWEST }),
  }
  const change = (changes: Readonly<Record<string, string | undefined>>): void => {
    void navigate({ search: { tab: 'logs', search, level: wanted, lines, ...changes }, replace: true })
  }
  return (
    <Section title={text.logsTitle} description={showsAll ? text.logsAll : text.logsNewest}>
      <LogFilters search={search ?? ''} level={wanted} showsAll={showsAll} onChange={change} />
      <Lines clientId={clientId} filter={filter} isEndless={showsAll} />
    </Section>
  )
}

interface LogFiltersProps {
  readonly search: string
  readonly level: LogLevel | undefined
  readonly showsAll: boolean
  readonly onChange: (changes: Readonly<Record<string, string | undefined>>) => void
}

function LogFilters({ search, level, showsAll, onChange }: LogFiltersProps): ReactElement {
  const text = useMessages(clientPageMessages)
  const labels = useLevelLabels()
  const levels = LOG_LEVELS.map((one) => ({ value: one, label: labels[one] }))
  return (
    <Flex gap="sm" mb="sm" wrap="wrap" align="flex-end">
      <div style={{ flex: '1 1 14rem' }}>
        <SearchField label={text.search} value={search} onChange={(value) => onChange({ search: value || undefined })} />
      </div>
      <NativeSelect
        label={text.level}
        style={{ flex: '1 1 9rem', maxWidth: '14rem' }}
        value={level ?? ''}
        data={[{ value: '', label: text.anyLevel }, ...levels]}
        onChange={(event) => onChange({ level: event.currentTarget.value || undefined })}
      />
      {showsAll ? (
        <Button variant="default" onClick={() => onChange({ search: undefined, level: undefined, lines: undefined })}>
          {text.showNewest}
        </Button>
      ) : (
        <Button variant="default" onClick={() => onChange({ lines: 'all' })}>
          {text.showAll}
        </Button>
      )}
    </Flex>
  )
}

interface LinesProps {
  readonly clientId: number
  readonly filter: LogFilter
  /** Whether more is read at the end. */
  readonly isEndless: boolean
}

function Lines({ clientId, filter, isEndless }: LinesProps): ReactElement {
  const text = useMessages(clientPageMessages)
  const list = useInfiniteQuery(clientLogQuery(clientId, filter))
  const { data, error, hasNextPage, isFetchingNextPage } = list
  const { more, retry } = useEndless(list)
  const lines = useMemo(() => data?.pages.flatMap(({ items }: ClientLogPage) => items) ?? [], [data])
  if (error !== null && data === undefined) return <FailureNotice failure={error} retry={retry} />
  if (data === undefined) return <Waiting lines={8} />
  if (lines.length === 0) return <NoLines isFiltered={filter.search !== undefined || filter.level !== undefined} />
  return (
    <>
      {error === null ? null : <FailureNotice failure={error} retry={retry} />}
      <div className={classes.lines}>
        <VirtualList items={lines} keyOf={({ id }) => id} rowHeight={33} label={text.logLines} {...(isEndless ? { onNearEnd: more } : {})}>
          {(line) => <LogLine line={line} />}
        </VirtualList>
      </div>
      <Text size="sm" c="dimmed" mt="xs" role="status">
        {isFetchingNextPage ? text.loadingMore : text.lines(lines.length, !isEndless || !hasNextPage)}
      </Text>
    </>
  )
}

function NoLines({ isFiltered }: { readonly isFiltered: boolean }): ReactElement {
  const text = useMessages(clientPageMessages)
  return isFiltered ? (
    <EmptyState icon={<IconListSearch />} title={text.noLogMatch}>
      {text.noLogMatchHint}
    </EmptyState>
  ) : (
    <EmptyState icon={<IconNotesOff />} title={text.noLogs}>
      {text.noLogsHint}
    </EmptyState>
  )
}
