import type { Run, RunError } from '@holdfast/protocol'
import { Alert, Button, Code, Group, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { type Language, useLanguage, useMessages } from '../../app/language.tsx'
import { FileName } from '../../ui/file-name.tsx'
import { ADVICE_EN } from './advice-en.ts'
import { ADVICE_JA } from './advice-ja.ts'
import { ADVICE_PLACES, type Advice, type AdvicePlace, isAdvised } from './advice-places.ts'
import { runMessages } from './messages.ts'

export interface FailureAdviceProps {
  readonly run: Run & { readonly error: RunError }
  /** Id of the log on the page. */
  readonly logId: string
  /** What else can be done at once: to run it again, say. */
  readonly actions?: ReactNode
}

/** Says what happened to a run that failed, and what to do: in whole sentences, and in the words of the machine that failed. */
export function FailureAdvice({ run, logId, actions }: FailureAdviceProps): ReactElement {
  const text = useMessages(runMessages)
  const { language } = useLanguage()
  const { code, message } = run.error
  const { happened, remedy } = adviceFor(code, language)
  const color = run.state === 'cancelled' ? 'gray' : 'red'
  return (
    <Alert color={color} variant="light" icon={<IconAlertTriangle aria-hidden />} mb="md">
      <Stack gap="xs">
        <div>
          <Title order={2}>{text.failedTitle}</Title>
          <Text size="sm">{happened}</Text>
        </div>
        <div>
          <Title order={2}>{text.todoTitle}</Title>
          <Text size="sm" lh={1.6}>
            {remedy}
          </Text>
        </div>
        <div>
          <Text size="sm" fw={600}>
            {text.serverSays}
          </Text>
          <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
            <FileName>{message}</FileName>
          </Code>
          <Text size="sm" mt={4}>
            {text.code}: <Code>{code}</Code>
          </Text>
        </div>
        <Group gap="xs">
          {actions}
          <PlaceButton run={run} logId={logId} />
        </Group>
      </Stack>
    </Alert>
  )
}

/** What to say of a code; of one that nobody knows, what always helps. */
function adviceFor(code: string, language: Language): Advice {
  const table = language === 'ja' ? ADVICE_JA : ADVICE_EN
  return table[isAdvised(code) ? code : 'unknown']
}

function PlaceButton({ run, logId }: Omit<FailureAdviceProps, 'actions'>): ReactElement {
  const text = useMessages(runMessages)
  const { clientId, planId, repositoryId } = run
  const place: AdvicePlace = isAdvised(run.error.code) ? ADVICE_PLACES[run.error.code] : 'log'
  if (place === 'repository' && repositoryId !== null) {
    const params = { repositoryId: String(repositoryId) }
    return (
      <Button size="xs" variant="default" component={Link} to="/repositories/$repositoryId" params={params as never}>
        {text.toRepository}
      </Button>
    )
  }
  if (place === 'plan' && planId !== null) {
    return (
      <Button size="xs" variant="default" component={Link} to="/plans/$planId" params={{ planId: String(planId) } as never}>
        {text.toPlan}
      </Button>
    )
  }
  if (place === 'client' && clientId !== null) {
    return (
      <Button size="xs" variant="default" component={Link} to="/clients/$clientId" params={{ clientId: String(clientId) } as never}>
        {text.toClient}
      </Button>
    )
  }
  return (
    <Button size="xs" variant="default" component="a" href={`#${logId}`}>
      {text.toLog}
    </Button>
  )
}
