import { Stack, Text } from '@mantine/core'
import type { ReactElement } from 'react'
import { useLanguage, useMessages } from '../../app/language.tsx'
import { Section } from '../../ui/section.tsx'
import { limitsOf } from '../clients/client-draft.ts'
import { retentionWords } from '../retention/retention-words.ts'
import { planMessages } from './messages.ts'
import type { PlanDraft } from './plan-draft.ts'
import classes from './plan-form.module.css'
import { scheduleMessages } from './schedule-messages.ts'
import { zonedScheduleWords } from './schedule-words.ts'
import { UpcomingTimes } from './upcoming-times.tsx'
import { useInheritedRetention } from './use-inherited-retention.ts'

/** What a plan comes down to, in words, with its next five runs. */
export function PlanInShort({ draft, clientId }: { readonly draft: PlanDraft; readonly clientId: number }): ReactElement {
  const text = useMessages(planMessages)
  const scheduleText = useMessages(scheduleMessages)
  const { language } = useLanguage()
  const inherited = useInheritedRetention(clientId)
  const { schedule, limits, isEnabled } = draft
  const retention = 'retention' in inherited ? (draft.retention ?? inherited.retention) : draft.retention
  const isUnknown = draft.retention === null && !('retention' in inherited)
  return (
    <Section title={text.inShort}>
      <Stack gap="sm">
        <dl className={classes.words}>
          <div>
            <dt>{text.schedule}</dt>
            <dd>{zonedScheduleWords(schedule, language)}</dd>
          </div>
          <div>
            <dt>{text.retention}</dt>
            <dd>{isUnknown ? '–' : retentionWords(retention, language)}</dd>
          </div>
        </dl>
        <Text size="sm" fw={600}>
          {scheduleText.next}
        </Text>
        <UpcomingTimes schedule={schedule} limits={limitsOf(limits)} clientId={clientId} isEnabled={isEnabled} />
      </Stack>
    </Section>
  )
}
