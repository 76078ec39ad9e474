import { Button, Group, Stack } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { meQuery, useMe, useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { Section } from '../../ui/section.tsx'
import { RetentionFields } from '../retention/retention-fields.tsx'
import { accountMessages } from './messages.ts'
import { ownAccount } from './queries.ts'

/** How long snapshots are kept of one's own clients that do not say so themselves. */
export function RetentionSection(): ReactElement {
  const text = useMessages(accountMessages)
  const me = useMe()
  const { mayManage } = useRights()
  const queryClient = useQueryClient()
  const [retention, setRetention] = useState(me.retention)
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => ownAccount.changeRetention(retention),
    onSuccess: (user) => {
      queryClient.setQueryData(meQuery.queryKey, user)
      showNotice({ tone: 'good', title: text.retentionSaved })
    },
  })
  return (
    <Section title={text.retention} description={text.retentionHelp}>
      <Stack gap="md">
        <RetentionFields value={retention} onChange={setRetention} isReadOnly={!mayManage} />
        {error === null ? null : <FailureNotice failure={error} />}
        {mayManage ? (
          <Group>
            <Button loading={isPending} onClick={() => mutate()}>
              {text.saveRetention}
            </Button>
          </Group>
        ) : null}
      </Stack>
    </Section>
  )
}
