import { Alert, Button, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { ApiFailure } from '../app/api.ts'
import { useMessages } from '../app/language.tsx'
import { MessageText, shownText } from './message-text.tsx'
import { uiMessages } from './messages.ts'

export interface FailureNoticeProps {
  /** Whatever was thrown. */
  readonly failure: unknown
  readonly retry?: () => void
  readonly title?: string
}

/** Says that something failed: first in the language of the pages, then in the server's own words. */
export function FailureNotice({ failure, retry, title }: FailureNoticeProps): ReactElement {
  const text = useMessages(uiMessages)
  const meaning = useMeaning(failure)
  return (
    <Alert role="alert" color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={shownText(title ?? text.failed)}>
      {meaning === undefined ? null : <Text size="sm">{meaning}</Text>}
      <Text size="sm" c={meaning === undefined ? undefined : 'dimmed'}>
        <MessageText>{failure instanceof Error ? failure.message : String(failure)}</MessageText>
      </Text>
      {retry === undefined ? null : (
        <Button size="xs" variant="default" mt="xs" onClick={retry}>
          {text.retry}
        </Button>
      )}
    </Alert>
  )
}

function useMeaning(failure: unknown): string | undefined {
  const text = useMessages(uiMessages)
  if (!(failure instanceof ApiFailure)) return undefined
  if (failure.problem.code === 'auth.required') return text.sessionEnded
  switch (failure.status) {
    case 0:
      return text.network
    case 403:
      return text.forbidden
    case 404:
      return text.notFound
    case 422:
      return failure.problem.fields === undefined ? undefined : text.wrongFields
    case 429:
      return text.tooMany
    case 500:
      return text.internal
    default:
      return undefined
  }
}
