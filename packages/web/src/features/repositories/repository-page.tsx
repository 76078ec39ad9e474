import type { RepositoryView } from '@holdfast/protocol'
import { Alert, SimpleGrid } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { Page } from '../../ui/page.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { GrowthSection } from './growth-section.tsx'
import { HealthSection } from './health-section.tsx'
import { MaintenanceSection, RecentMaintenance } from './maintenance-section.tsx'
import { repositoryMessages } from './messages.ts'
import { maintenanceQuery, repositoryQuery } from './queries.ts'
import { RecoveryKit } from './recovery-kit.tsx'
import { RepositoryBadges } from './repository-badges.tsx'
import classes from './repository-page.module.css'
import { ScheduleSection } from './schedule-section.tsx'
import { SettingsSection } from './settings-section.tsx'
import { UsageSection } from './usage-section.tsx'
import { useKindWords } from './words.ts'

const route = getRouteApi('/shell/repositories/$repositoryId')

/** One repository: what it holds, how it is, and what can be done for it. */
export function RepositoryPage(): ReactElement {
  const text = useMessages(repositoryMessages)
  const id = Number(route.useParams().repositoryId)
  const { data, error, refetch } = useQuery(repositoryQuery(id))
  if (data !== undefined) return <RepositoryContent key={id} repository={data} />
  return (
    <Page title={text.title} breadcrumbs={[{ label: text.title, to: '/repositories' }]}>
      {error === null ? <Waiting lines={8} /> : <FailureNotice failure={error} retry={() => void refetch()} />}
    </Page>
  )
}

function RepositoryContent({ repository }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  const words = useKindWords()
  const { isAdmin } = useRights()
  return (
    <Page
      title={repository.name}
      aside={<RepositoryBadges repository={repository} />}
      description={
        <>
          {words(repository.kind)}: <FileName>{repository.location}</FileName>
        </>
      }
      breadcrumbs={[{ label: text.title, to: '/repositories' }]}
    >
      {repository.hasKey ? null : (
        <Alert color="gray" variant="light" icon={<IconKey aria-hidden />} title={text.clientsKey} mb="md">
          {text.clientsKeyHint}
        </Alert>
      )}
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md" mb="md" className={classes.pair ?? ''}>
        <UsageSection repository={repository} />
        {repository.hasKey ? <GrowthSection repository={repository} /> : null}
      </SimpleGrid>
      {isAdmin ? <Administration repository={repository} /> : null}
    </Page>
  )
}

function Administration({ repository }: { readonly repository: RepositoryView }): ReactElement {
  return (
    <div className={classes.stack}>
      {repository.hasKey ? <Upkeep repository={repository} /> : null}
      <SettingsSection repository={repository} />
    </div>
  )
}

function Upkeep({ repository }: { readonly repository: RepositoryView }): ReactElement {
  const { data, error, refetch } = useQuery(maintenanceQuery(repository.id))
  if (data === undefined) return error === null ? <Waiting lines={8} /> : <FailureNotice failure={error} retry={() => void refetch()} />
  return (
    <>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        <div className={classes.stack}>
          <HealthSection maintenance={data} />
          <RecoveryKit repository={repository} />
        </div>
        <MaintenanceSection repository={repository} maintenance={data} />
      </SimpleGrid>
      <RecentMaintenance repositoryId={repository.id} />
      <ScheduleSection key={repository.id} repositoryId={repository.id} settings={data.settings} />
    </>
  )
}
