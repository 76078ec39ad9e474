import type { SelectionPreview as Preview, Selection, WeighedFolder } from '@holdfast/protocol'
import { Alert, Button, Group, Progress, SimpleGrid, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconListSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { Bytes } from '../../ui/figures.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { selectionPreviewQuery } from '../clients/folder-queries.ts'
import { selectionMessages } from './selection-messages.ts'
import classes from './selection-preview.module.css'

const SHOWN_MAX = 8

/** Has the machine count what a selection takes and what it leaves out, when somebody asks for it. */
export function SelectionPreview({ clientId, selection }: { readonly clientId: number; readonly selection: Selection }): ReactElement {
  const text = useMessages(selectionMessages)
  const [asked, setAsked] = useState<Selection>()
  const query = selectionPreviewQuery(clientId, asked ?? selection)
  const { data, error, isFetching, refetch } = useQuery({ ...query, enabled: asked !== undefined })
  const isCurrent = JSON.stringify(asked) === JSON.stringify(selection)
  const count = (): void => {
    if (isCurrent) void refetch()
    else setAsked(selection)
  }
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <Button
          size="xs"
          variant="default"
          leftSection={<IconListSearch size={16} aria-hidden />}
          onClick={count}
          loading={isFetching}
          disabled={selection.paths.length === 0}
        >
          {asked === undefined ? text.count : text.again}
        </Button>
        <Text size="sm" c="dimmed" style={{ flex: '1 1 14rem' }}>
          {asked !== undefined && !isCurrent ? text.stale : text.help}
        </Text>
      </Group>
      <div role="status">
        {isFetching && data === undefined ? <Waiting lines={3} /> : null}
        {error !== null && !isFetching ? <FailureNotice failure={error} /> : null}
        {data === undefined ? null : <Counted preview={data} />}
      </div>
    </Stack>
  )
}

function Counted({ preview }: { readonly preview: Preview }): ReactElement {
  const text = useMessages(selectionMessages)
  const { included, excluded, biggestFolders, biggestExcluded, missing, unreadableCount, isPartial } = preview
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="md">
        <Sum title={text.taken} sum={included} folders={biggestFolders} listTitle={text.biggest} color="kelp" />
        <Sum title={text.left} sum={excluded} folders={biggestExcluded} listTitle={text.biggestLeft} color="gray" />
      </SimpleGrid>
      {missing.length === 0 ? null : (
        <Alert color="orange" variant="light" icon={<IconAlertTriangle aria-hidden />} title={text.missing}>
          {missing.map((path) => (
            <div key={path}>
              <FileName>{path}</FileName>
            </div>
          ))}
        </Alert>
      )}
      {unreadableCount === 0 ? null : <Text size="sm">{text.unreadable(unreadableCount)}</Text>}
      {isPartial ? <Text size="sm">{text.partial}</Text> : null}
    </Stack>
  )
}

interface SumProps {
  readonly title: string
  readonly sum: Preview['included']
  readonly folders: readonly WeighedFolder[]
  readonly listTitle: string
  readonly color: string
}

function Sum({ title, sum, folders, listTitle, color }: SumProps): ReactElement {
  const text = useMessages(selectionMessages)
  return (
    <div className={classes.sum}>
      <Text size="sm" c="dimmed">
        {title}
      </Text>
      <Text fw={650} size="lg">
        <Bytes value={sum.sizeBytes} />
      </Text>
      <Text size="sm">{text.files(sum.fileCount)}</Text>
      <Text size="sm" c="dimmed" mt="xs">
        {folders.length === 0 ? text.nothing : listTitle}
      </Text>
      <ul className={classes.folders}>
        {folders.slice(0, SHOWN_MAX).map(({ path, name, sizeBytes }) => (
          <li key={path}>
            <Group justify="space-between" gap="xs" wrap="nowrap">
              <span title={name}>
                <FileName>{name}</FileName>
              </span>
              <Bytes value={sizeBytes} />
            </Group>
            <Progress
              value={sum.sizeBytes === 0 ? 0 : (100 * sizeBytes) / sum.sizeBytes}
              size={4}
              color={color}
              aria-label={name}
              aria-hidden
            />
          </li>
        ))}
      </ul>
    </div>
  )
}
