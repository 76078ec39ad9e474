import type { Run, RunError } from '@holdfast/protocol'
import { Button, Code, Group, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { ReactElement, ReactNode } from 'react'
import { type Language, useLanguage, useMessages } from '../../app/language.tsx'
import { MessageText } from '../../ui/message-text.tsx'
import { ADVICE_EN } from './advice-en.ts'
import { ADVICE_JA } from './advice-ja.ts'
import { type Advice, type AdvicePlace, adviceWays, isAdvised } from './advice-places.ts'
import classes from './failure-advice.module.css'
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
  const { happened, remedy } = useAdvice(run.error.code)
  return (
    <section className={classes.panel} data-state={run.state} aria-labelledby={`${logId}-failed`}>
      <IconAlertTriangle size={22} aria-hidden className={classes.icon} />
      <Stack gap="sm" miw={0}>
        <div>
          <Title order={2} id={`${logId}-failed`}>
            {text.failedTitle}
          </Title>
          <Text size="sm">{happened}</Text>
        </div>
        <div>
          <Title order={2}>{text.todoTitle}</Title>
          <Text size="sm">{remedy}</Text>
        </div>
        <Details error={run.error} />
        <Group gap="xs">
          {actions}
          <PlaceButtons run={run} logId={logId} />
        </Group>
      </Stack>
    </section>
  )
}

function Details({ error: { code, message } }: { readonly error: RunError }): ReactElement {
  const text = useMessages(runMessages)
  return (
    <div>
      <Text size="sm" fw={600} mb={2}>
        {text.serverSays}
      </Text>
      <Code block className={classes.message ?? ''}>
        <MessageText>{message}</MessageText>
      </Code>
      <Text size="sm" c="dimmed" mt={4}>
        {text.code}: <Code>{code}</Code>
      </Text>
    </div>
  )
}

/** What happened to a run that failed with a code, and what to do; of a code that nobody knows, what always helps. */
export function useAdvice(code: string): Advice {
  const { language } = useLanguage()
  return adviceFor(code, language)
}

function adviceFor(code: string, language: Language): Advice {
  const table = language === 'ja' ? ADVICE_JA : ADVICE_EN
  return table[isAdvised(code) ? code : 'unknown']
}

function PlaceButtons({ run, logId }: Omit<FailureAdviceProps, 'actions'>): ReactElement {
  const text = useMessages(runMessages)
  const labels = {
    repository: text.toRepository,
    plan: text.toPlan,
    client: text.toClient,
    commands: text.toCommands,
    log: text.toLog,
  } as const satisfies Readonly<Record<AdvicePlace, string>>
  return (
    <>
      {adviceWays(run, run.error.code).map(({ place, to, search }) =>
        to === undefined ? (
          <Button key={place} size="xs" variant="default" component="a" href={`#${logId}`}>
            {labels[place]}
          </Button>
        ) : (
          <Button key={place} size="xs" variant="default" renderRoot={(props) => <Link {...props} to={to} search={search ?? {}} />}>
            {labels[place]}
          </Button>
        ),
      )}
    </>
  )
}
