import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { IconCalendarTime } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type ReactElement, useEffect, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { useOneMutation } from '../../ui/one-mutation.ts'
import { folderFailure, machineFolderQuery } from '../clients/folder-queries.ts'
import { FolderTree } from '../clients/folder-tree.tsx'
import { clientQuery } from '../clients/queries.ts'
import { keepSelection, keptSelection } from './kept-selection.ts'
import { welcomeMessages } from './messages.ts'
import { beginFirstBackup } from './queries.ts'
import { SelectedPaths } from './selected-paths.tsx'
import { SelectionSum } from './selection-sum.tsx'
import { StepCard } from './step-card.tsx'
import type { StepProps } from './welcome-page.tsx'

/** Chooses what of a machine is protected, and begins with the first backup. */
export function FoldersStep({ isNext, goTo, clientId }: StepProps & { readonly clientId: number }): ReactElement {
  const text = useMessages(welcomeMessages)
  const [paths, setPaths] = useState(() => keptSelection(clientId))
  useEffect(() => keepSelection(clientId, paths), [clientId, paths])
  const { data: client, error: unknown } = useQuery(clientQuery(clientId))
  const isAway = folderFailure(useQuery(machineFolderQuery(clientId, undefined))) !== null
  const { mutate, error, isPending } = useOneMutation({
    mutationFn: () => beginFirstBackup(clientId, paths),
    onSuccess: (run) => {
      keepSelection(clientId, [])
      goTo({ step: 'backup', runId: run.id })
    },
  })
  const failure = useFormFailure(error, paths)
  const chooseAnother = (): void => goTo({ step: 'machine', clientId: undefined })
  if (unknown !== null && client === undefined) return <FailureNotice failure={unknown} retry={chooseAnother} />
  return (
    <StepCard title={text.foldersTitle} lead={text.foldersLead(client?.name ?? '…')} takesFocus={isNext}>
      <Stack gap="md">
        {isAway ? (
          <Alert color="orange" variant="light">
            {text.foldersAway}
          </Alert>
        ) : null}
        <FolderTree clientId={clientId} selected={paths} onChange={setPaths} maxHeightPx={340} />
        <SelectedPaths paths={paths} onChange={setPaths} />
        {paths.length === 0 ? null : <SelectionSum clientId={clientId} paths={paths} />}
        <Group gap="xs" wrap="nowrap" align="flex-start">
          <IconCalendarTime size={20} aria-hidden style={{ flex: 'none' }} />
          <Text size="sm">{text.foldersSchedule}</Text>
        </Group>
        {failure === null ? null : <FailureNotice failure={failure} />}
        <Group justify="space-between">
          <Button variant="subtle" color="gray" onClick={chooseAnother}>
            {text.machineBack}
          </Button>
          <Button onClick={() => mutate()} loading={isPending} disabled={paths.length === 0}>
            {text.foldersStart}
          </Button>
        </Group>
      </Stack>
    </StepCard>
  )
}
