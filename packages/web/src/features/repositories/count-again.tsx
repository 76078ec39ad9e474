import type { RepositoryView } from '@holdfast/protocol'
import { Alert, Button, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { uiMessages } from '../../ui/messages.ts'
import { showNotice } from '../../ui/notices.tsx'
import { repositoryMessages } from './messages.ts'
import { countAgain, maintenanceQuery } from './queries.ts'

interface CountProps {
  readonly repository: RepositoryView
}

/** Has the figures of a repository counted, and says what came of it. */
export function CountAgain({ repository: { id } }: CountProps): ReactElement {
  const text = useMessages(repositoryMessages)
  const ui = useMessages(uiMessages)
  const count = useMutation({
    mutationFn: () => countAgain(id),
    onSuccess: ({ isDue, error }) => {
      if (isDue) showNotice({ title: text.countingWaits, tone: 'plain' })
      else if (error === null) showNotice({ title: text.counted, tone: 'good' })
      else showNotice({ title: text.notCountedNow, message: <FileName>{error}</FileName>, tone: 'bad' })
    },
    onError: (failure) => showNotice({ title: ui.failed, message: failure.message, tone: 'bad' }),
  })
  return (
    <Button size="xs" variant="default" loading={count.isPending} onClick={() => count.mutate()}>
      {text.countNow}
    </Button>
  )
}

/** Why the figures of a repository could not be counted the last time, if so. */
export function CountFailure({ repository: { id } }: CountProps): ReactElement | null {
  const text = useMessages(repositoryMessages)
  const { data } = useQuery(maintenanceQuery(id))
  if (data === undefined || data.counting.error === null) return null
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={text.notCountedNow}>
      <Text size="sm" component="div">
        <FileName>{data.counting.error}</FileName>
      </Text>
    </Alert>
  )
}
