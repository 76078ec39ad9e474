import type { User } from '@holdfast/protocol'
import { Button, TextInput } from '@mantine/core'
import { IconPlus, IconSearch, IconUsers } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Page } from '../../ui/page.tsx'
import { RowList } from '../../ui/row-list.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { AddUserDialog } from './add-user-dialog.tsx'
import { AdminsOnly } from './admins-only.tsx'
import { usersQuery } from './queries.ts'
import { UserRow } from './user-row.tsx'
import { usersMessages } from './users-messages.ts'

/** Who may sign in, and what they may do. */
export function UsersPage(): ReactElement {
  const { title } = useMessages(usersMessages)
  return (
    <AdminsOnly title={title}>
      <Users />
    </AdminsOnly>
  )
}

function Users(): ReactElement {
  const text = useMessages(usersMessages)
  const { data, error, refetch } = useQuery(usersQuery)
  const [isAdding, setAdding] = useState(false)
  return (
    <Page
      title={text.title}
      description={text.description}
      actions={
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAdding(true)}>
          {text.add}
        </Button>
      }
    >
      {error === null ? null : <FailureNotice failure={error} retry={() => void refetch()} />}
      {data === undefined ? error === null && <Waiting lines={5} height={44} /> : <UserList users={data} />}
      {isAdding ? <AddUserDialog onClose={() => setAdding(false)} /> : null}
    </Page>
  )
}

const FIND_FROM = 6

function UserList({ users }: { readonly users: readonly User[] }): ReactElement {
  const text = useMessages(usersMessages)
  const { search = '' } = useSearch({ strict: false })
  const navigate = useNavigate()
  const wanted = search.toLowerCase()
  const found = users
    .filter(({ username }) => username.toLowerCase().includes(wanted))
    .toSorted((a, b) => a.username.localeCompare(b.username))
  return (
    <Section title={text.count(users.length)}>
      {users.length < FIND_FROM && search === '' ? null : (
        <TextInput
          aria-label={text.find}
          placeholder={text.find}
          leftSection={<IconSearch size={16} aria-hidden />}
          value={search}
          onChange={(event) => void navigate({ to: '.', search: { search: event.currentTarget.value }, replace: true })}
          maw={360}
          mb="md"
        />
      )}
      {found.length === 0 ? (
        <EmptyState icon={<IconUsers />} title={text.none}>
          {text.noneHelp}
        </EmptyState>
      ) : (
        <RowList label={text.title}>
          {found.map((user) => (
            <UserRow key={user.id} user={user} others={users.filter(({ id }) => id !== user.id)} />
          ))}
        </RowList>
      )}
    </Section>
  )
}
