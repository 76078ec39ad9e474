import type { NewRestore, Run, SnapshotView } from '@holdfast/protocol'
import { Button, Checkbox, Group, Radio, Stack } from '@mantine/core'
import { IconRestore } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { uiMessages } from '../../ui/messages.ts'
import { ClientSelect } from '../clients/client-select.tsx'
import { restoreMessages } from './messages.ts'
import type { RestoredPath } from './restore-dialog.tsx'
import { TargetFields } from './target-fields.tsx'

/** What happens to files that are there, the usual first. */
const POLICIES = ['if-changed', 'if-newer', 'always', 'never'] as const satisfies readonly NewRestore['overwrite'][]

export interface MachineFormProps {
  readonly snapshot: SnapshotView
  readonly paths: readonly RestoredPath[]
  readonly onClose: () => void
  readonly onStarted: (run: Run) => void
}

/** Has an agent bring the files back to its machine. */
export function MachineForm({ snapshot, paths, onClose, onStarted }: MachineFormProps): ReactElement {
  const text = useMessages(restoreMessages)
  const ui = useMessages(uiMessages)
  const own = snapshot.clientId === null ? undefined : String(snapshot.clientId)
  const [clientId, setClientId] = useState(own)
  /** Undefined stands for where the files came from. */
  const [target, setTarget] = useState<string>()
  const [overwrite, setOverwrite] = useState<NewRestore['overwrite']>('if-changed')
  const [deletes, setDeletes] = useState(false)
  const [isTried, setTried] = useState(false)
  const starting = useMutation({
    mutationFn: (order: Partial<NewRestore>) => api.post<Run>(`/api/v1/snapshots/${snapshot.id}/restore`, order),
    onSuccess: onStarted,
  })
  const submit = (): void => {
    setTried(true)
    if (clientId === undefined || target?.trim() === '') return
    const order = { clientId: Number(clientId), paths: paths.map(({ path }) => path), overwrite, delete: deletes }
    starting.mutate({ ...order, target: target?.trim() ?? null })
  }
  const errors = useFieldErrors(starting.error)
  return (
    <Stack gap="md">
      <ClientSelect
        label={text.machine}
        description={text.machineOwn}
        value={clientId}
        onChange={setClientId}
        error={isTried && clientId === undefined ? text.noClient : errors.clientId}
      />
      <TargetFields
        clientId={clientId === undefined ? undefined : Number(clientId)}
        target={target}
        onChange={setTarget}
        error={isTried && target?.trim() === '' ? text.targetMissing : errors.target}
      />
      <Radio.Group label={text.conflicts} value={overwrite} onChange={(value) => setOverwrite(value as NewRestore['overwrite'])}>
        <Stack gap="xs" mt="xs">
          {POLICIES.map((policy) => (
            <Radio key={policy} value={policy} label={text[policy]} description={text[`${policy}Hint`]} />
          ))}
        </Stack>
      </Radio.Group>
      <Checkbox
        checked={deletes}
        onChange={(event) => setDeletes(event.currentTarget.checked)}
        label={text.deleteExtra}
        description={text.deleteExtraHint}
      />
      {starting.isError ? <FailureNotice failure={starting.error} /> : null}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {ui.cancel}
        </Button>
        <Button leftSection={<IconRestore size={16} aria-hidden />} loading={starting.isPending} onClick={submit}>
          {text.start}
        </Button>
      </Group>
    </Stack>
  )
}
