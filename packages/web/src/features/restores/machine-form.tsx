import type { NewRestore, Run, SnapshotView } from '@holdfast/protocol'
import { Button, Checkbox, Radio, Stack } from '@mantine/core'
import { IconRestore } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { DialogActions } from '../../ui/dialog-actions.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { useFormFailure } from '../../ui/form-failure.ts'
import { uiMessages } from '../../ui/messages.ts'
import { useOneMutation } from '../../ui/one-mutation.ts'
import { useTries } from '../../ui/tries.ts'
import { ClientSelect } from '../clients/client-select.tsx'
import { restoreMessages } from './messages.ts'
import type { RestoredPath } from './restore-dialog.tsx'
import { targetFault } from './restore-target.ts'
import { TargetFields } from './target-fields.tsx'

/** What happens to files that are there, the usual first. */
const POLICIES = ['if-changed', 'if-newer', 'always', 'never'] as const satisfies readonly NewRestore['overwrite'][]

/** What was chosen for a restore by an agent. */
export interface MachineDraft {
  readonly clientId: string | undefined
  /** Undefined stands for where the files came from. */
  readonly target: string | undefined
  readonly overwrite: NewRestore['overwrite']
  readonly deletes: boolean
}

export interface MachineFormProps {
  readonly snapshot: SnapshotView
  readonly paths: readonly RestoredPath[]
  /** Kept outside of the form, which is not there while a restore runs. */
  readonly draft: MachineDraft
  readonly onChange: (changes: Partial<MachineDraft>) => void
  readonly onClose: () => void
  readonly onStarted: (run: Run) => void
}

/** Has an agent bring the files back to its machine. */
export function MachineForm({ snapshot, paths, draft, onChange, onClose, onStarted }: MachineFormProps): ReactElement {
  const text = useMessages(restoreMessages)
  const ui = useMessages(uiMessages)
  const { clientId, target, overwrite, deletes } = draft
  const starting = useOneMutation({
    mutationFn: (order: Partial<NewRestore>) => api.post<Run>(`/api/v1/snapshots/${snapshot.id}/restore`, order),
    onSuccess: onStarted,
  })
  const failure = useFormFailure(starting.error, draft)
  const { form, isTried, tried } = useTries<HTMLDivElement>(starting.error)
  const fault = target === undefined ? undefined : targetFault(target.trim())
  const submit = (): void => {
    tried()
    if (clientId === undefined || fault !== undefined) return
    const order = { clientId: Number(clientId), paths: paths.map(({ path }) => path), overwrite, delete: deletes }
    starting.mutate({ ...order, target: target?.trim() ?? null })
  }
  const errors = useFieldErrors(failure)
  return (
    <Stack gap="md" ref={form}>
      <ClientSelect
        label={text.machine}
        description={text.machineOwn}
        value={clientId}
        onChange={(chosen) => onChange({ clientId: chosen })}
        error={isTried && clientId === undefined ? text.noClient : errors.clientId}
      />
      <TargetFields
        clientId={clientId === undefined ? undefined : Number(clientId)}
        target={target}
        onChange={(chosen) => onChange({ target: chosen })}
        error={isTried && fault !== undefined ? text[fault] : errors.target}
      />
      <Radio.Group label={text.conflicts} value={overwrite} onChange={(value) => onChange({ overwrite: value as NewRestore['overwrite'] })}>
        <Stack gap="xs" mt="xs">
          {POLICIES.map((policy) => (
            <Radio key={policy} value={policy} label={text[policy]} description={text[`${policy}Hint`]} />
          ))}
        </Stack>
      </Radio.Group>
      <Checkbox
        checked={deletes}
        onChange={(event) => onChange({ deletes: event.currentTarget.checked })}
        label={text.deleteExtra}
        description={text.deleteExtraHint}
      />
      {failure === null ? null : <FailureNotice failure={failure} />}
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {ui.cancel}
        </Button>
        <Button leftSection={<IconRestore size={16} aria-hidden />} loading={starting.isPending} onClick={submit}>
          {text.start}
        </Button>
      </DialogActions>
    </Stack>
  )
}

/** What is usual: back to the machine and the place that the files came from. */
export function usualDraft({ clientId }: SnapshotView): MachineDraft {
  return { clientId: clientId === null ? undefined : String(clientId), target: undefined, overwrite: 'if-changed', deletes: false }
}
