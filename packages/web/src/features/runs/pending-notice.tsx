import type { Run } from '@holdfast/protocol'
import { Alert, Stack, Text } from '@mantine/core'
import { IconClock, IconPlugConnectedX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useNow } from '../../app/clock.ts'
import { useMessages } from '../../app/language.tsx'
import { Moment } from '../../ui/figures.tsx'
import { clientQuery } from '../clients/queries.ts'
import { runMessages } from './messages.ts'
import { isSilent } from './silent-agent.ts'

const LOOK_EVERY_MS = 10_000

/** What a run waits for: its time, and its machine where nothing is heard of that. */
export function PendingNotice({ run: { notBefore, clientId } }: { readonly run: Run }): ReactElement {
  const text = useMessages(runMessages)
  const nowMs = useNow(LOOK_EVERY_MS)
  const { data: client } = useQuery({ ...clientQuery(clientId ?? 0), enabled: clientId !== null, refetchInterval: LOOK_EVERY_MS })
  const silent = client !== undefined && isSilent(client, nowMs) ? client : undefined
  return (
    <Alert
      color={silent === undefined ? 'gray' : 'orange'}
      variant="light"
      icon={silent === undefined ? <IconClock aria-hidden /> : <IconPlugConnectedX aria-hidden />}
      title={silent === undefined ? undefined : text.notConnected}
      mb="md"
    >
      <Stack gap={4}>
        {silent === undefined ? null : (
          <Text size="sm" component="div">
            {text.lastHeard}: <Moment at={silent.lastPingAt} fallback={text.neverHeard} />
            {' · '}
            {text.notConnectedHelp}
          </Text>
        )}
        <Text size="sm" component="div">
          {text.waiting}
          {notBefore === null ? null : (
            <>
              {' · '}
              {text.waitsUntil} <Moment at={notBefore} />
            </>
          )}
        </Text>
      </Stack>
    </Alert>
  )
}
