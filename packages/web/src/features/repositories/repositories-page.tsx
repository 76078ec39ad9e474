import type { RepositoryView } from '@holdfast/protocol'
import { Button, Group, Text } from '@mantine/core'
import { IconDatabase, IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { useFormat } from '../../ui/format.ts'
import { Page } from '../../ui/page.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { DiskBar } from './disk-bar.tsx'
import { repositoryMessages } from './messages.ts'
import { repositoriesQuery } from './queries.ts'
import classes from './repositories-page.module.css'
import { RepositoryBadges } from './repository-badges.tsx'
import { useKindWords } from './words.ts'

/** All repositories, and how each is. */
export function RepositoriesPage(): ReactElement {
  const text = useMessages(repositoryMessages)
  const { isAdmin } = useRights()
  const { data, error, refetch } = useQuery(repositoriesQuery)
  return (
    <Page title={text.title} description={text.description} {...(isAdmin && data?.length !== 0 ? { actions: <AddButton /> } : {})}>
      {data === undefined && error !== null ? <FailureNotice failure={error} retry={() => void refetch()} /> : null}
      {data === undefined && error === null ? <Waiting lines={6} height={32} /> : null}
      {data === undefined ? null : <RepositoryGrid repositories={data} />}
    </Page>
  )
}

function AddButton(): ReactElement {
  const text = useMessages(repositoryMessages)
  return (
    <Button component={Link} to="/repositories/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {text.add}
    </Button>
  )
}

function RepositoryGrid({ repositories }: { readonly repositories: readonly RepositoryView[] }): ReactElement {
  const text = useMessages(repositoryMessages)
  const { isAdmin } = useRights()
  if (repositories.length === 0) {
    return (
      <EmptyState icon={<IconDatabase />} title={text.emptyTitle} actions={isAdmin ? <AddButton /> : undefined}>
        {text.empty}
      </EmptyState>
    )
  }
  return (
    <ul className={classes.grid} aria-label={text.list}>
      {repositories.map((repository) => (
        <li key={repository.id}>
          <RepositoryCard repository={repository} />
        </li>
      ))}
    </ul>
  )
}

function RepositoryCard({ repository }: { readonly repository: RepositoryView }): ReactElement {
  const text = useMessages(repositoryMessages)
  const words = useKindWords()
  const format = useFormat()
  const { id, name, kind, location, statistics } = repository
  return (
    <Link className={classes.card} to={`/repositories/${id}`}>
      <h2 className={classes.name}>
        <FileName>{name}</FileName>
      </h2>
      <RepositoryBadges repository={repository} />
      <div>
        <Text size="sm">{words(kind)}</Text>
        <Text size="sm" c="dimmed" component="div" className={classes.location ?? ''} title={location}>
          <FileName>{location}</FileName>
        </Text>
      </div>
      <div className={classes.foot}>
        <Group gap="md" mb={statistics?.freeBytes == null ? 0 : 6}>
          {statistics === null ? (
            <Text size="sm" c="dimmed">
              {text.notCounted}
            </Text>
          ) : (
            <>
              <Text size="sm">{text.stored(format.bytes(statistics.storedBytes))}</Text>
              <Text size="sm">{text.snapshots(statistics.snapshotCount)}</Text>
            </>
          )}
        </Group>
        <DiskBar repository={repository} />
      </div>
    </Link>
  )
}
