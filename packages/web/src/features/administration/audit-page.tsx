import type { AuditEntry } from '@holdfast/protocol'
import { Button } from '@mantine/core'
import { IconHistory } from '@tabler/icons-react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactElement, useMemo, useState } from 'react'
import { useEndless } from '../../app/endless.ts'
import { useMessages } from '../../app/language.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Page } from '../../ui/page.tsx'
import { Section } from '../../ui/section.tsx'
import { VirtualList } from '../../ui/virtual-list.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { AdminsOnly } from './admins-only.tsx'
import { type AuditSearch, auditCall, isFiltered } from './audit-filter.ts'
import { AuditFilters } from './audit-filters.tsx'
import { auditMessages } from './audit-messages.ts'
import { AuditRow } from './audit-row.tsx'
import { useSentence } from './audit-sentence-of.ts'
import { auditQuery, usersQuery } from './queries.ts'

const ROW_HEIGHT = 45
/** What is left of the window below heading and filters. */
const HEIGHT = 'max(20rem, 100vh - 19.5rem)'

/** What was done, by whom, when and from where. */
export function AuditPage(): ReactElement {
  const { title } = useMessages(auditMessages)
  return (
    <AdminsOnly title={title}>
      <Audit />
    </AdminsOnly>
  )
}

function Audit(): ReactElement {
  const text = useMessages(auditMessages)
  const search: AuditSearch = useSearch({ strict: false })
  const navigate = useNavigate()
  const show = (changes: AuditSearch): void =>
    void navigate({ to: '.', search: (now: AuditSearch) => ({ ...now, ...changes }), replace: true })
  const clear = (): void => void navigate({ to: '.', search: {} })
  return (
    <Page title={text.title} description={text.description}>
      <AuditFilters search={search} onChange={show} onClear={clear} />
      <Section title={text.entries}>
        <Entries search={search} onClear={clear} />
      </Section>
    </Page>
  )
}

function Entries({ search, onClear }: { readonly search: AuditSearch; readonly onClear: () => void }): ReactElement {
  const list = useInfiniteQuery(auditQuery(auditCall(search)))
  const { data, error } = list
  const { more, retry } = useEndless(list)
  const entries = useMemo(() => data?.pages.flatMap((page) => page.entries) ?? [], [data])
  if (error !== null && data === undefined) return <FailureNotice failure={error} retry={retry} />
  if (data === undefined) return <Waiting lines={8} height={24} />
  if (entries.length === 0) return <Nothing onClear={isFiltered(search) ? onClear : undefined} />
  return (
    <>
      {error === null ? null : <FailureNotice failure={error} retry={retry} />}
      <EntryList entries={entries} onNearEnd={more} />
    </>
  )
}

function EntryList({ entries, onNearEnd }: { readonly entries: readonly AuditEntry[]; readonly onNearEnd: () => void }): ReactElement {
  const text = useMessages(auditMessages)
  const { data: users } = useQuery(usersQuery)
  const names = useMemo(() => new Map(users?.map(({ id, username }) => [id, username])), [users])
  const sentence = useSentence(names)
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set())
  const toggle = (id: number): void => setOpened(opened.symmetricDifference(new Set([id])))
  return (
    <VirtualList items={entries} keyOf={({ id }) => id} rowHeight={ROW_HEIGHT} height={HEIGHT} label={text.title} onNearEnd={onNearEnd}>
      {(entry) => <AuditRow entry={entry} sentence={sentence(entry)} isOpen={opened.has(entry.id)} onToggle={() => toggle(entry.id)} />}
    </VirtualList>
  )
}

function Nothing({ onClear }: { readonly onClear: (() => void) | undefined }): ReactElement {
  const text = useMessages(auditMessages)
  return (
    <EmptyState
      icon={<IconHistory />}
      title={text.none}
      actions={
        onClear === undefined ? undefined : (
          <Button variant="default" onClick={onClear}>
            {text.clear}
          </Button>
        )
      }
    >
      {text.noneHelp}
    </EmptyState>
  )
}
