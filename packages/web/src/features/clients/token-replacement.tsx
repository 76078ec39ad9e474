import type { Client } from '@holdfast/protocol'
import { Button, Group, Text } from '@mantine/core'
import { IconRotateClockwise } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { clientQuery, refreshClients } from './queries.ts'
import { settingsMessages } from './settings-messages.ts'

const LOOK_EVERY_MS = 5000

/** Has the agent of a client replace its token by itself, and says that it is to until it has. */
export function TokenReplacement({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(settingsMessages)
  const { id } = client
  const known = useQuery({
    ...clientQuery(id),
    refetchInterval: ({ state }) => (state.data?.isTokenRotationWanted === true ? LOOK_EVERY_MS : false),
  })
  const { isTokenRotationWanted } = known.data ?? client
  const [wasWanted, setWanted] = useState(isTokenRotationWanted)
  const queries = useQueryClient()
  const ask = useMutation({
    mutationFn: () => api.post(`/api/v1/clients/${id}/token/rotation`),
    onSuccess: async () => {
      // It is wanted from now on, whether or not anything more can be heard of the client.
      queries.setQueryData(clientQuery(id).queryKey, (client) => client && { ...client, isTokenRotationWanted: true })
      await refreshClients()
    },
  })
  if (isTokenRotationWanted && !wasWanted) setWanted(true)
  const said = isTokenRotationWanted ? text.replaceWaits : wasWanted && !ask.isPending ? text.replaced : text.replaceHint
  return (
    <>
      <Group gap="sm">
        <Button
          variant="default"
          leftSection={<IconRotateClockwise size={18} aria-hidden />}
          loading={ask.isPending}
          disabled={isTokenRotationWanted}
          onClick={() => ask.mutate()}
        >
          {text.replace}
        </Button>
        <Text size="sm" c="dimmed" role="status" style={{ flex: '1 1 16rem' }}>
          {said}
        </Text>
      </Group>
      {ask.error === null ? null : <FailureNotice failure={ask.error} />}
    </>
  )
}
