import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from './language.tsx'
import { appMessages } from './messages.ts'
import classes from './shell.module.css'

/** The field in every page's head that finds a file in all backups. */
export function QuickSearch(): ReactElement {
  const text = useMessages(appMessages)
  const navigate = useNavigate()
  const [query, setQuery] = useState('')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (query.trim() !== '') void navigate({ to: '/search', search: { query: query.trim() } })
  }
  return (
    <search className={classes.search}>
      <form onSubmit={submit}>
        <TextInput
          value={query}
          onChange={(event) => setQuery(event.currentTarget.value)}
          aria-label={text.search}
          placeholder={text.searchPlaceholder}
          leftSection={<IconSearch size={16} aria-hidden />}
          type="search"
          size="sm"
          maxLength={200}
        />
      </form>
    </search>
  )
}
