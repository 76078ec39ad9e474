import { Button, CloseButton, Group, Input, SegmentedControl, Stack, Text } from '@mantine/core'
import { IconFolderPlus } from '@tabler/icons-react'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { FolderTree } from '../clients/folder-tree.tsx'
import classes from './folders-field.module.css'
import { LinesField } from './lines-field.tsx'
import { sourceMessages } from './messages.ts'

export interface FoldersFieldProps {
  readonly clientId: number
  readonly label: string
  readonly description: string | undefined
  readonly value: readonly string[]
  onChange(value: readonly string[]): void
  readonly isReadOnly: boolean
  readonly error: string | undefined
}

const SHOWN_PATHS_MAX = 30

/** Paths of a machine, chosen in the tree of its folders or typed. */
export function FoldersField({ clientId, label, description, value, onChange, isReadOnly, error }: FoldersFieldProps): ReactElement {
  const text = useMessages(sourceMessages)
  const [isTyping, setTyping] = useState(false)
  // The machine is not asked for its folders as long as nobody wants to choose.
  const [isChoosing, setChoosing] = useState(value.length === 0)
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div" required={!isReadOnly}>
      <Stack gap="xs" mt={6}>
        <ChosenPaths paths={value} onRemove={isReadOnly ? undefined : (path) => onChange(value.filter((one) => one !== path))} />
        {isReadOnly || isChoosing ? null : (
          <Group>
            <Button size="xs" variant="default" leftSection={<IconFolderPlus size={16} aria-hidden />} onClick={() => setChoosing(true)}>
              {text.change}
            </Button>
          </Group>
        )}
        {isReadOnly || !isChoosing ? null : (
          <>
            <Group>
              <SegmentedControl
                size="xs"
                data={[
                  { value: 'tree', label: text.byTree },
                  { value: 'text', label: text.byText },
                ]}
                value={isTyping ? 'text' : 'tree'}
                onChange={(way) => setTyping(way === 'text')}
                aria-label={text.way}
              />
            </Group>
            {isTyping ? (
              <LinesField label={label} description={text.onePerLine} value={value} onChange={onChange} error={error !== undefined} />
            ) : (
              <FolderTree clientId={clientId} selected={value} onChange={onChange} label={label} isInvalid={error !== undefined} />
            )}
          </>
        )}
      </Stack>
    </Input.Wrapper>
  )
}

function ChosenPaths({
  paths,
  onRemove,
}: {
  readonly paths: readonly string[]
  readonly onRemove: ((path: string) => void) | undefined
}): ReactElement {
  const text = useMessages(sourceMessages)
  if (paths.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {text.nothingChosen}
      </Text>
    )
  return (
    <>
      <ul className={classes.paths} aria-label={text.chosen}>
        {paths.slice(0, SHOWN_PATHS_MAX).map((path) => (
          <li key={path}>
            <FileName>{path}</FileName>
            {onRemove === undefined ? null : <CloseButton size="sm" onClick={() => onRemove(path)} aria-label={text.removePath(path)} />}
          </li>
        ))}
      </ul>
      {paths.length > SHOWN_PATHS_MAX ? <Text size="sm">{text.morePaths(paths.length - SHOWN_PATHS_MAX)}</Text> : null}
    </>
  )
}
