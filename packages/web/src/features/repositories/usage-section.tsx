import type { RepositoryView } from '@holdfast/protocol'
import { Button, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { api } from '../../app/api.ts'
import { type Language, useLanguage, useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { Bytes, Count, Moment, Percent } from '../../ui/figures.tsx'
import { uiMessages } from '../../ui/messages.ts'
import { showNotice } from '../../ui/notices.tsx'
import { Section } from '../../ui/section.tsx'
import { FactList } from '../runs/fact-list.tsx'
import { DiskBar } from './disk-bar.tsx'
import { repositoryMessages } from './messages.ts'

/** What a repository holds, and what deduplication and compression save. */
export function UsageSection({ repository }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  const { isAdmin } = useRights()
  return (
    <Section title={text.usage} {...(isAdmin && repository.hasKey ? { actions: <CountAgain repository={repository} /> } : {})}>
      <Stack gap="md">
        {repository.statistics === null ? (
          <Text size="sm" c="dimmed">
            {repository.hasKey ? text.usageEmpty : text.usageClients}
          </Text>
        ) : (
          <Figures statistics={repository.statistics} />
        )}
        <DiskBar repository={repository} />
      </Stack>
    </Section>
  )
}

function Figures({ statistics }: { readonly statistics: NonNullable<RepositoryView['statistics']> }): ReactElement {
  const text = useMessages(repositoryMessages)
  const { language } = useLanguage()
  const { storedBytes, restoreBytes, contentBytes, snapshotCount, deduplicationRatio, compressionRatio, packCount, blobCount } = statistics
  const saved = restoreBytes > 0 ? Math.max(0, 1 - storedBytes / restoreBytes) : null
  return (
    <FactList
      facts={[
        [text.figureStored, <Bytes key="stored" value={storedBytes} />],
        [text.figureRestore, <Bytes key="restore" value={restoreBytes} />],
        [text.figureSaved, <Percent key="saved" value={saved} />],
        [text.figureDeduplication, text.times(factorOf(deduplicationRatio, language))],
        [text.figureCompression, text.times(factorOf(compressionRatio, language))],
        [text.figureContent, <Bytes key="content" value={contentBytes} />],
        [text.figureSnapshots, <Count key="snapshots" value={snapshotCount} />],
        [text.figurePacks, <Count key="packs" value={packCount} />],
        [text.figureBlobs, <Count key="blobs" value={blobCount} />],
        [text.countedAt, <Moment key="counted" at={statistics.countedAt} />],
      ]}
    />
  )
}

function CountAgain({ repository: { id } }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  const ui = useMessages(uiMessages)
  const refresh = useMutation({
    mutationFn: () => api.post(`/api/v1/repositories/${id}/refresh`),
    onSuccess: () => showNotice({ title: text.counting, tone: 'plain' }),
    onError: (failure) => showNotice({ title: ui.failed, message: failure.message, tone: 'bad' }),
  })
  return (
    <Button size="xs" variant="default" loading={refresh.isPending} onClick={() => refresh.mutate()}>
      {text.countNow}
    </Button>
  )
}

function factorOf(ratio: number, language: Language): string {
  return ratio.toLocaleString(language, { maximumFractionDigits: ratio < 10 ? 2 : 1 })
}
