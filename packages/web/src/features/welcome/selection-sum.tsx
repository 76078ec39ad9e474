import { Group, Loader, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useSettled } from '../../app/clock.ts'
import { useMessages } from '../../app/language.tsx'
import { useFormat } from '../../ui/format.ts'
import { selectionPreviewQuery } from '../clients/folder-queries.ts'
import { welcomeMessages } from './messages.ts'

const SETTLED_MS = 600

/** How much a selection is, as the machine's agent counts it. Says nothing when the agent cannot. */
export function SelectionSum({ clientId, paths }: { readonly clientId: number; readonly paths: readonly string[] }): ReactElement {
  const text = useMessages(welcomeMessages)
  const format = useFormat()
  const settled = useSettled(paths, SETTLED_MS)
  const selection = {
    paths: [...settled],
    excludes: [],
    caseInsensitiveExcludes: [],
    excludeCaches: true,
    excludeIfPresent: [],
    oneFileSystem: false,
  }
  const { data, isFetching } = useQuery(selectionPreviewQuery(clientId, selection))
  const isCounting = isFetching || settled !== paths
  const sum = data?.isPartial === true ? text.foldersSumPartial : text.foldersSum
  return (
    <Group gap="xs" role="status" mih={24} wrap="nowrap">
      {isCounting ? <Loader size="xs" aria-hidden /> : null}
      <Text size="sm" fw={600}>
        {isCounting || data === undefined ? null : sum(format.count(data.included.fileCount), format.bytes(data.included.sizeBytes))}
      </Text>
      <Text size="sm" c="dimmed">
        {isCounting ? text.foldersCounting : null}
        {!isCounting && data !== undefined && data.unreadableCount > 0 ? text.foldersUnreadable(data.unreadableCount) : null}
      </Text>
    </Group>
  )
}
