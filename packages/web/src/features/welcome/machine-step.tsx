import type { Setup } from '@holdfast/protocol'
import { Button, Group, Stack, Text } from '@mantine/core'
import { IconDeviceDesktop, IconDevices } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useOneMutation } from '../../ui/one-mutation.ts'
import { Waiting } from '../../ui/waiting.tsx'
import { EnrolmentPanel } from '../clients/enrolment-panel.tsx'
import { MachineNameForm } from '../clients/machine-name-form.tsx'
import { clientQuery } from '../clients/queries.ts'
import { ChoiceCard } from './choice-card.tsx'
import { welcomeMessages } from './messages.ts'
import { addMachine, protectLocalMachine } from './queries.ts'
import { StepCard } from './step-card.tsx'
import type { StepProps } from './welcome-page.tsx'

export interface MachineStepProps extends StepProps {
  readonly setup: Setup
  /** A machine that was chosen before. */
  readonly clientId: number | undefined
}

/** Brings the first machine in: the server's own by a click, another one by a command that is typed there. */
export function MachineStep({ clientId, ...props }: MachineStepProps): ReactElement {
  const text = useMessages(welcomeMessages)
  const [addedId, setAddedId] = useState<number>()
  const { goTo } = props
  const arrive = (id: number): void => {
    setAddedId(id)
    goTo({ step: 'machine', clientId: id })
  }
  return (
    <StepCard title={text.machineTitle} lead={text.machineLead} takesFocus={props.isNext}>
      {clientId === undefined ? (
        <MachineChoice {...props} onAdded={arrive} />
      ) : (
        <Arrival clientId={clientId} isNew={clientId === addedId} goTo={goTo} />
      )}
    </StepCard>
  )
}

interface MachineChoiceProps extends Omit<MachineStepProps, 'clientId'> {
  readonly onAdded: (clientId: number) => void
}

function MachineChoice({ setup, goTo, onAdded }: MachineChoiceProps): ReactElement {
  const text = useMessages(welcomeMessages)
  const { mutate, error, isPending } = useOneMutation({
    mutationFn: protectLocalMachine,
    onSuccess: (clientId) => goTo({ step: 'folders', clientId }),
  })
  return (
    <Stack gap="sm">
      {setup.canProtectLocalMachine ? (
        <ChoiceCard icon={<IconDeviceDesktop size={22} />} title={text.machineHere} hint={text.machineHereHint} isProposed>
          {error === null ? null : <FailureNotice failure={error} />}
          <Group justify="flex-end">
            <Button onClick={() => mutate()} loading={isPending}>
              {setup.localClientId === null ? text.machineHereUse : text.machineHereGoOn}
            </Button>
          </Group>
        </ChoiceCard>
      ) : (
        <Text size="sm" c="dimmed">
          {text.machineNoLocal}
        </Text>
      )}
      <ChoiceCard icon={<IconDevices size={22} />} title={text.machineOther} hint={text.machineOtherHint}>
        <OtherMachine onAdded={onAdded} />
      </ChoiceCard>
    </Stack>
  )
}

function OtherMachine({ onAdded }: { readonly onAdded: (clientId: number) => void }): ReactElement {
  const text = useMessages(welcomeMessages)
  const { mutate, error, isPending } = useOneMutation({ mutationFn: addMachine, onSuccess: onAdded })
  return (
    <MachineNameForm
      hint={text.machineNameHint}
      label={text.machineShowCommand}
      variant="default"
      isBusy={isPending}
      failure={error}
      onName={mutate}
    />
  )
}

interface ArrivalProps extends Pick<StepProps, 'goTo'> {
  readonly clientId: number
  /** Whether it was added a moment ago. */
  readonly isNew: boolean
}

/** Shows the command for another machine and goes on as soon as that is in. */
function Arrival({ clientId, isNew, goTo }: ArrivalProps): ReactElement {
  const text = useMessages(welcomeMessages)
  const { data: client, error } = useQuery(clientQuery(clientId))
  const wasIn = useRef<boolean | undefined>(undefined)
  wasIn.current ??= client?.isEnrolled
  const hasCome = client?.isEnrolled === true && wasIn.current === false
  // biome-ignore lint/correctness/useExhaustiveDependencies: the arrival alone leads on
  useEffect(() => {
    if (hasCome) goTo({ step: 'folders' })
  }, [hasCome])
  const chooseAnother = (): void => goTo({ step: 'machine', clientId: undefined })
  if (error !== null && client === undefined) return <FailureNotice failure={error} retry={chooseAnother} />
  if (client === undefined) return <Waiting lines={3} />
  return (
    <Stack gap="md">
      <ChoiceCard icon={<IconDevices size={22} />} title={client.name} isProposed>
        <EnrolmentPanel clientId={clientId} isAskedFor={isNew} />
      </ChoiceCard>
      <Group justify="space-between">
        <Button variant="subtle" color="gray" onClick={chooseAnother}>
          {text.machineBack}
        </Button>
        {client.isEnrolled ? <Button onClick={() => goTo({ step: 'folders' })}>{text.machineGoOn}</Button> : null}
      </Group>
    </Stack>
  )
}
