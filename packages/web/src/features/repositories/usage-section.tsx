import type { RepositoryView } from '@holdfast/protocol'
import { Stack, Text } from '@mantine/core'
import type { ReactElement } from 'react'
import { type Language, useLanguage, useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { Bytes, Count, Moment, Percent } from '../../ui/figures.tsx'
import { Section } from '../../ui/section.tsx'
import { FactList } from '../runs/fact-list.tsx'
import { CountAgain, CountFailure } from './count-again.tsx'
import { DiskBar } from './disk-bar.tsx'
import { repositoryMessages } from './messages.ts'

/** What a repository holds, and what deduplication and compression save. */
export function UsageSection({ repository }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  const { isAdmin } = useRights()
  const mayCount = isAdmin && repository.hasKey
  return (
    <Section title={text.usage} {...(mayCount ? { actions: <CountAgain repository={repository} /> } : {})}>
      <Stack gap="md">
        {mayCount ? <CountFailure repository={repository} /> : null}
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

function factorOf(ratio: number, language: Language): string {
  return ratio.toLocaleString(language, { maximumFractionDigits: ratio < 10 ? 2 : 1 })
}
