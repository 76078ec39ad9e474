import type { SecondFactor } from '@holdfast/protocol'
import { Button, Text } from '@mantine/core'
import { IconCheck, IconShieldOff } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { meQuery, useMe } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { StateBadge } from '../../ui/run-state-badge.tsx'
import { Section } from '../../ui/section.tsx'
import { Waiting } from '../../ui/waiting.tsx'
import { secondFactorQuery } from './queries.ts'
import { secondFactorMessages } from './second-factor-messages.ts'
import { NewCodesDialog, TurnOffDialog } from './second-factor-proof.tsx'
import { SecondFactorSetup } from './second-factor-setup.tsx'

const FEW_CODES = 3

/** The second step of signing in: set up, renewed, turned off. */
export function SecondFactorSection(): ReactElement {
  const text = useMessages(secondFactorMessages)
  const { hasPassword } = useMe()
  const { data, error, refetch } = useQuery(secondFactorQuery)
  const actions = data === undefined || !hasPassword ? undefined : <Actions factor={data} />
  return (
    <Section title={text.title} description={text.help} actions={actions}>
      {error === null ? null : <FailureNotice failure={error} retry={() => void refetch()} />}
      {hasPassword ? null : <Text size="sm">{text.needsPassword}</Text>}
      {data === undefined ? error === null && <Waiting lines={1} /> : <State factor={data} />}
    </Section>
  )
}

function State({ factor: { isEnabled, recoveryCodesLeft } }: { readonly factor: SecondFactor }): ReactElement {
  const text = useMessages(secondFactorMessages)
  if (!isEnabled) return <StateBadge color="gray" label={text.off} icon={<IconShieldOff size={13} aria-hidden />} />
  return (
    <>
      <StateBadge color="kelp" label={text.on} icon={<IconCheck size={13} aria-hidden />} />{' '}
      <Text component="span" size="sm" ml="xs">
        {text.codesLeft(recoveryCodesLeft)}
      </Text>
      {recoveryCodesLeft < FEW_CODES ? (
        <Text size="sm" c="var(--mantine-color-error)" mt="xs">
          {text.fewCodes}
        </Text>
      ) : null}
    </>
  )
}

function Actions({ factor: { isEnabled } }: { readonly factor: SecondFactor }): ReactElement {
  const text = useMessages(secondFactorMessages)
  const queryClient = useQueryClient()
  const [dialog, setDialog] = useState<'set-up' | 'new-codes' | 'turn-off'>()
  const close = (): void => {
    setDialog(undefined)
    for (const { queryKey } of [secondFactorQuery, meQuery]) void queryClient.invalidateQueries({ queryKey })
  }
  return (
    <>
      {isEnabled ? (
        <>
          <Button variant="default" onClick={() => setDialog('new-codes')}>
            {text.newCodes}
          </Button>
          <Button variant="light" color="red" onClick={() => setDialog('turn-off')}>
            {text.turnOff}
          </Button>
        </>
      ) : (
        <Button onClick={() => setDialog('set-up')}>{text.setUp}</Button>
      )}
      {dialog === 'set-up' ? <SecondFactorSetup onClose={close} /> : null}
      {dialog === 'new-codes' ? <NewCodesDialog onClose={close} /> : null}
      {dialog === 'turn-off' ? <TurnOffDialog onClose={close} /> : null}
    </>
  )
}
