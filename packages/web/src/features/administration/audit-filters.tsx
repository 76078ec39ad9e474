import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { choicesFailure } from '../../ui/choices-failure.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { auditActions } from './audit-actions.ts'
import { type AuditSearch, actionsByNoun, isFiltered } from './audit-filter.ts'
import classes from './audit-filters.module.css'
import { auditMessages } from './audit-messages.ts'
import { usersQuery } from './queries.ts'

export interface AuditFiltersProps {
  readonly search: AuditSearch
  readonly onChange: (changes: AuditSearch) => void
  readonly onClear: () => void
}

/** What of the audit log is shown. */
export function AuditFilters({ search, onChange, onClear }: AuditFiltersProps): ReactElement {
  const text = useMessages(auditMessages)
  return (
    <form className={classes.filters} aria-label={text.filters} onSubmit={(event) => event.preventDefault()}>
      <ActionSelect value={search.action} onChange={(action) => onChange({ action })} />
      <UserSelect value={search.userId} onChange={(userId) => onChange({ userId })} />
      <SubjectField value={search.subject} onChange={(subject) => onChange({ subject })} />
      <DayField label={text.since} value={search.since} onChange={(since) => onChange({ since })} />
      <DayField label={text.until} value={search.until} onChange={(until) => onChange({ until })} />
      {isFiltered(search) ? (
        <Button variant="default" onClick={onClear}>
          {text.clear}
        </Button>
      ) : null}
    </form>
  )
}

interface FieldProps {
  readonly value: string | undefined
  readonly onChange: (value: string | undefined) => void
}

function ActionSelect({ value = '', onChange }: FieldProps): ReactElement {
  const text = useMessages(auditMessages)
  const words = useMessages(auditActions)
  const nouns: Readonly<Record<string, string>> = {
    ...{ 'sign-in': text.groupSignIn, session: text.groupSession, 'second-factor': text.groupSecondFactor },
    ...{ 'single-sign-on': text.groupSingleSignOn, user: text.groupUser, 'api-token': text.groupToken, client: text.groupClient },
    ...{ plan: text.groupPlan, run: text.groupRun, snapshot: text.groupSnapshot, repository: text.groupRepository },
    channel: text.groupChannel,
  }
  const groups = [...actionsByNoun()].map(([noun, actions]) => ({
    group: nouns[noun] ?? noun,
    items: [
      { value: noun, label: text.all(nouns[noun] ?? noun) },
      ...(actions.length < 2 ? [] : actions.map((action) => ({ value: action, label: words[action] }))),
    ],
  }))
  return (
    <NativeSelect
      label={text.what}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[{ value: '', label: text.anything }, ...groups]}
    />
  )
}

function UserSelect({ value = '', onChange }: FieldProps): ReactElement {
  const text = useMessages(auditMessages)
  const users = useQuery(usersQuery)
  const choices = (users.data ?? []).map(({ id, username }) => ({ value: String(id), label: username }))
  return (
    <NativeSelect
      label={text.who}
      error={choicesFailure(users)}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[{ value: '', label: text.anybody }, ...choices.toSorted((a, b) => a.label.localeCompare(b.label))]}
    />
  )
}

function SubjectField({ value = '', onChange }: FieldProps): ReactElement {
  const text = useMessages(auditMessages)
  return <SearchField label={text.about} placeholder={text.aboutHelp} value={value} onChange={onChange} />
}

function DayField({ label, value = '', onChange }: FieldProps & { readonly label: string }): ReactElement {
  return <TextInput type="date" label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
}
