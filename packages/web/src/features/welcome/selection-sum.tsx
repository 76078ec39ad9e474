import { Alert, Group, Loader, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { ApiFailure } from '../../app/api.ts'
import { useSettled } from '../../app/clock.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { selectionPreviewQuery } from '../clients/folder-queries.ts'
import { welcomeMessages } from './messages.ts'

const SETTLED_MS = 600

/**
 * How much a selection is, as the machine's agent counts it, and what of it there is not. Says why when that cannot be told, but for a
 * machine that is away.
 */
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
  const { data, error, isFetching } = useQuery(selectionPreviewQuery(clientId, selection))
  const isCounting = isFetching || settled !== paths
  const sum = data?.isPartial === true ? text.foldersSumPartial : text.foldersSum
  return (
    <Stack gap="xs" role="status">
      <Group gap="xs" mih={24} wrap="nowrap">
        {isCounting ? <Loader size="xs" aria-hidden /> : null}
        <Text size="sm" fw={600}>
          {isCounting || data === undefined ? null : sum(data.included.fileCount, format.bytes(data.included.sizeBytes))}
        </Text>
        <Text size="sm" c="dimmed">
          {isCounting ? text.foldersCounting : null}
          {!isCounting && data !== undefined && data.unreadableCount > 0 ? text.foldersUnreadable(data.unreadableCount) : null}
        </Text>
      </Group>
      {isCounting || error === null || isAway(error) ? null : <FailureNotice failure={error} title={text.foldersNotCounted} />}
      {isCounting || data === undefined || data.missing.length === 0 ? null : (
        <Alert color="orange" variant="light" title={text.foldersMissing}>
          {data.missing.map((path) => (
            <div key={path}>
              <FileName>{path}</FileName>
            </div>
          ))}
        </Alert>
      )}
    </Stack>
  )
}

/** What the step says of the machine already. */
function isAway(failure: Error): boolean {
  return failure instanceof ApiFailure && failure.problem.code === 'client.not-connected'
}
