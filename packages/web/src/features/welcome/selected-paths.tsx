import { Button, Group, Pill, Stack, TextInput } from '@mantine/core'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { toggled } from '../clients/folder-rows.ts'
import { welcomeMessages } from './messages.ts'

export interface SelectedPathsProps {
  readonly paths: readonly string[]
  readonly onChange: (paths: readonly string[]) => void
}

/** What is selected, each to be taken away again, and a field for paths that are known by heart. */
export function SelectedPaths({ paths, onChange }: SelectedPathsProps): ReactElement {
  const text = useMessages(welcomeMessages)
  const [typed, setTyped] = useState('')
  const [added, setAdded] = useState('')
  const path = typed.trim().replace(/(?<=.)\/+$/, '')
  const isWrong = path !== '' && !path.startsWith('/')
  const isThere = path !== '' && path === added && paths.includes(path)
  const add = (event: FormEvent): void => {
    event.preventDefault()
    setAdded(path)
    if (path === '' || isWrong || paths.includes(path)) return
    onChange(toggled(paths, path))
    setTyped('')
    setAdded('')
  }
  return (
    <Stack gap="xs">
      {paths.length === 0 ? null : (
        <Group gap={6} component="ul" aria-label={text.foldersSelected} style={{ listStyle: 'none', margin: 0, padding: 0 }}>
          {paths.map((one) => (
            <li key={one} style={{ maxWidth: '100%' }}>
              <Pill
                size="md"
                withRemoveButton
                onRemove={() => onChange(paths.filter((other) => other !== one))}
                removeButtonProps={{ 'aria-label': text.foldersRemove(one), 'aria-hidden': false, tabIndex: 0 }}
              >
                <FileName>{one}</FileName>
              </Pill>
            </li>
          ))}
        </Group>
      )}
      <form onSubmit={add}>
        <Group align="flex-start" gap="xs" wrap="nowrap">
          <TextInput
            style={{ flex: 1 }}
            aria-label={text.foldersType}
            placeholder={`${text.foldersType}: ${text.foldersTypeHint}`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            spellCheck={false}
            autoCapitalize="none"
            maxLength={4096}
            error={isWrong ? text.foldersNotAbsolute : isThere ? text.foldersAlready : undefined}
          />
          <Button type="submit" variant="default" disabled={path === '' || isWrong}>
            {text.foldersAdd}
          </Button>
        </Group>
      </form>
    </Stack>
  )
}
