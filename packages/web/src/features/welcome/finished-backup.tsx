import type { Plan, Run, Setup } from '@holdfast/protocol'
import { Anchor, Button, Group, Stack, Text, ThemeIcon, Title } from '@mantine/core'
import { IconAlertTriangle, IconBell, IconCalendarTime, IconCheck, IconKey, IconStack2 } from '@tabler/icons-react'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactElement, useEffect, useRef } from 'react'
import { api } from '../../app/api.ts'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { useFormat } from '../../ui/format.ts'
import { zonedScheduleWords } from '../plans/schedule-words.ts'
import { RecoveryKitButton } from '../repositories/recovery-kit.tsx'
import { ChoiceCard } from './choice-card.tsx'
import { welcomeMessages } from './messages.ts'
import { refreshSetup } from './queries.ts'
import classes from './welcome.module.css'
import type { StepProps } from './welcome-page.tsx'

export interface FinishedBackupProps extends Pick<StepProps, 'goTo'> {
  readonly run: Run
  readonly setup: Setup
}

/** Says that the first backup is made, what happens by itself from now on, and what is worth doing. */
export function FinishedBackup({ run, setup, goTo }: FinishedBackupProps): ReactElement {
  const text = useMessages(welcomeMessages)
  useEffect(() => void refreshSetup(), [])
  const repositoryId = run.repositoryId ?? setup.defaultRepositoryId
  return (
    <Stack gap="md">
      <Result run={run} />
      <section aria-labelledby="welcome-next" className={classes.card}>
        <Title order={2} id="welcome-next" mb="sm">
          {text.nextTitle}
        </Title>
        <Stack gap="sm">
          <NextSchedule planId={run.planId} />
          {repositoryId === null ? null : <RecoveryKit repositoryId={repositoryId} />}
          <ChoiceCard icon={<IconStack2 size={22} />} title={text.nextFiles} hint={text.nextFilesHint}>
            <Anchor size="sm" component={Link} to="/snapshots">
              {text.nextFilesOpen}
            </Anchor>
          </ChoiceCard>
          <ChoiceCard icon={<IconBell size={22} />} title={text.nextTell} hint={text.nextTellHint}>
            <Anchor size="sm" component={Link} to="/administration/notifications">
              {text.nextTellOpen}
            </Anchor>
          </ChoiceCard>
        </Stack>
        <Group justify="space-between" mt="md">
          <Button variant="default" onClick={() => goTo({ step: 'machine', clientId: undefined, runId: undefined })}>
            {text.nextMore}
          </Button>
          <Button renderRoot={(props) => <Link {...props} to="/" />}>{text.toOverview}</Button>
        </Group>
      </section>
    </Stack>
  )
}

function Result({ run }: { readonly run: Run }): ReactElement {
  const text = useMessages(welcomeMessages)
  const format = useFormat()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  const { fileCount = 0, totalBytes = 0, storedBytes, durationMs = 0, errorCount = 0 } = run.statistics ?? {}
  const isWhole = errorCount === 0
  const figures = text.backupDoneFigures(fileCount, format.bytes(totalBytes), format.duration(durationMs))
  return (
    <section aria-labelledby="welcome-done" className={classes.card}>
      <Group gap="md" wrap="nowrap" align="flex-start">
        <ThemeIcon size={48} radius="xl" color={isWhole ? 'kelp' : 'orange.8'} aria-hidden style={{ flex: 'none' }}>
          {isWhole ? <IconCheck size={28} /> : <IconAlertTriangle size={28} />}
        </ThemeIcon>
        <div>
          <Title order={2} id="welcome-done" ref={heading} tabIndex={-1} className={classes.cardTitle ?? ''}>
            {isWhole ? text.backupDone : text.backupDonePartly}
          </Title>
          <Text size="sm">
            {figures} {storedBytes === undefined ? null : text.backupStored(format.bytes(storedBytes))}
          </Text>
          {isWhole ? null : (
            <Anchor size="sm" component={Link} to={`/runs/${run.id}`}>
              {text.unreadable(errorCount)}
            </Anchor>
          )}
        </div>
      </Group>
    </section>
  )
}

function NextSchedule({ planId }: { readonly planId: number | null }): ReactElement | null {
  const text = useMessages(welcomeMessages)
  const { language } = useLanguage()
  const format = useFormat()
  const { data: plan } = useQuery({ ...planQuery(planId ?? 0), enabled: planId !== null })
  if (plan === undefined) return null
  const words = zonedScheduleWords(plan.schedule, language)
  const hint = plan.nextRunAt === null ? text.nextScheduleWords(words) : text.nextScheduleAt(words, format.moment(plan.nextRunAt))
  return <ChoiceCard icon={<IconCalendarTime size={22} />} title={text.nextSchedule} hint={hint} />
}

function RecoveryKit({ repositoryId }: { readonly repositoryId: number }): ReactElement {
  const text = useMessages(welcomeMessages)
  return (
    <ChoiceCard icon={<IconKey size={22} />} title={text.nextKit} hint={text.nextKitHint} isProposed>
      <RecoveryKitButton repositoryId={repositoryId} fileName="holdfast-recovery-kit.md" variant="light" size="sm" />
    </ChoiceCard>
  )
}

function planQuery(id: number) {
  return queryOptions({ queryKey: ['plans', id], queryFn: ({ signal }) => api.get<Plan>(`/api/v1/plans/${id}`, { signal }) })
}
