import type { Retention } from '@holdfast/protocol'
import { Stack } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { meQuery, useMe, useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { showNotice } from '../../ui/notices.tsx'
import { SaveBar } from '../../ui/save-bar.tsx'
import { Section } from '../../ui/section.tsx'
import { RetentionFields } from '../retention/retention-fields.tsx'
import { accountMessages } from './messages.ts'
import { ownAccount } from './queries.ts'

/** How long snapshots are kept of one's own clients that do not say so themselves. Whoever leaves with changes is asked first. */
export function RetentionSection(): ReactElement {
  const text = useMessages(accountMessages)
  const me = useMe()
  const { mayManage } = useRights()
  const queryClient = useQueryClient()
  // Undefined while nothing was touched: what the account says is shown then.
  const [draft, setDraft] = useState<Retention | null>()
  const [discards, setDiscards] = useState(0)
  const retention = draft === undefined ? me.retention : draft
  const save = useMutation({
    mutationFn: (wanted: Retention | null) => ownAccount.changeRetention(wanted),
    onSuccess: (user, wanted) => {
      queryClient.setQueryData(meQuery.queryKey, user)
      // What was changed meanwhile is still to be saved.
      setDraft((present) => (present === wanted ? undefined : present))
      showNotice({ tone: 'good', title: text.retentionSaved })
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    save.mutate(retention)
  }
  const discard = (): void => {
    setDraft(undefined)
    setDiscards(discards + 1)
    save.reset()
  }
  const failure = useFormFailure(save.error, retention)
  const isChanged = written(retention) !== written(me.retention)
  return (
    <Section title={text.retention} description={text.retentionHelp}>
      <form onSubmit={submit}>
        <Stack gap="md">
          <RetentionFields key={discards} value={retention} onChange={setDraft} isReadOnly={!mayManage} />
          {failure === null ? null : <FailureNotice failure={failure} />}
          {mayManage ? <SaveBar isChanged={isChanged} isBusy={save.isPending} failure={failure} onDiscard={discard} /> : null}
        </Stack>
      </form>
    </Section>
  )
}

/** The same for the same retention, in whatever order its parts were set. */
function written(retention: Retention | null): string {
  return JSON.stringify(retention && Object.entries(retention).toSorted(([one], [other]) => one.localeCompare(other)))
}
