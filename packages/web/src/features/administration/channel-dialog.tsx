import type { ChangeChannel, Channel } from '@holdfast/protocol'
import { Box, Button, Group, Modal, Stack, Switch, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { api } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { DialogActions } from '../../ui/dialog-actions.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { useFormFailure } from '../../ui/form-failure.ts'
import { showNotice } from '../../ui/notices.tsx'
import { useOneMutation } from '../../ui/one-mutation.ts'
import { useTries } from '../../ui/tries.ts'
import { type ChannelDraft, draftOf, newDraft, problemsOf, requestOf } from './channel-draft.ts'
import { EventsField } from './channel-events.tsx'
import { KindField, MailFields, UrlFields } from './channel-fields.tsx'
import { channelMessages } from './channel-messages.ts'
import { channelsQuery } from './queries.ts'
import { SummaryFields } from './summary-fields.tsx'
import { useProblemWords } from './use-problem-words.ts'

export interface ChannelDialogProps {
  /** Left out for a new one. */
  readonly channel?: Channel
  readonly onClose: () => void
}

/** Adds a channel, or changes one. */
export function ChannelDialog({ channel, onClose }: ChannelDialogProps): ReactElement {
  const text = useMessages(channelMessages)
  const title = channel === undefined ? text.addTitle : text.editTitle(channel.name)
  return (
    <Modal opened onClose={onClose} title={title} size="lg" closeOnClickOutside={false} closeButtonProps={{ 'aria-label': text.close }}>
      <ChannelForm channel={channel} onClose={onClose} />
    </Modal>
  )
}

interface ChannelFormProps {
  readonly channel: Channel | undefined
  readonly onClose: () => void
}

function ChannelForm({ channel, onClose }: ChannelFormProps): ReactElement {
  const text = useMessages(channelMessages)
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  const [draft, setDraft] = useState(() => (channel === undefined ? newDraft(timeZone) : draftOf(channel, timeZone)))
  const { mutate, isPending, error } = useSave(channel, onClose)
  const failure = useFormFailure(error, draft)
  const { form, isTried, tried } = useTries<HTMLFormElement>(error)
  const isNew = channel === undefined || channel.kind !== draft.kind
  const problems = problemsOf(draft, isNew)
  const errors = useProblemWords(isTried ? problems : {}, useFieldErrors(failure))
  const change = (changes: Partial<ChannelDraft>): void => setDraft({ ...draft, ...changes })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    tried()
    if (Object.keys(problems).length === 0) mutate(requestOf(draft))
  }
  const fields = { draft, errors, isNew, onChange: change }
  return (
    <form ref={form} onSubmit={submit} noValidate>
      <Stack gap="md">
        <TextInput
          label={text.name}
          value={draft.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
          error={errors.name}
          maxLength={200}
          data-autofocus
        />
        <KindField {...fields} />
        {draft.kind === 'mail' ? <MailFields {...fields} /> : <UrlFields {...fields} />}
        <EventsField value={draft.events} onChange={(events) => change({ events })} error={errors.events} />
        {draft.kind === 'ping' ? null : <SummaryFields {...fields} />}
        <Switch label={text.enabled} checked={draft.isEnabled} onChange={(event) => change({ isEnabled: event.currentTarget.checked })} />
        {failure === null ? null : <FailureNotice failure={failure} />}
        <DialogActions>
          <Box me="auto">{channel === undefined ? null : <RemoveButton channel={channel} onRemoved={onClose} />}</Box>
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              {text.cancel}
            </Button>
            <Button type="submit" loading={isPending}>
              {channel === undefined ? text.add : text.save}
            </Button>
          </Group>
        </DialogActions>
      </Stack>
    </form>
  )
}

function useSave(channel: Channel | undefined, onSaved: () => void) {
  const text = useMessages(channelMessages)
  const queryClient = useQueryClient()
  return useOneMutation({
    mutationFn: (request: ChangeChannel) =>
      channel === undefined ? api.post<Channel>('/api/v1/channels', request) : api.put<Channel>(`/api/v1/channels/${channel.id}`, request),
    onSuccess: ({ name }) => {
      void queryClient.invalidateQueries({ queryKey: channelsQuery.queryKey })
      showNotice({ tone: 'good', title: channel === undefined ? text.added : text.saved, message: name })
      onSaved()
    },
  })
}

function RemoveButton({ channel, onRemoved }: { readonly channel: Channel; readonly onRemoved: () => void }): ReactElement {
  const text = useMessages(channelMessages)
  const queryClient = useQueryClient()
  const remove = async (): Promise<void> => {
    await api.delete(`/api/v1/channels/${channel.id}`)
    await queryClient.invalidateQueries({ queryKey: channelsQuery.queryKey })
    showNotice({ tone: 'good', title: text.removed, message: channel.name })
    onRemoved()
  }
  return (
    <ConfirmButton
      title={text.removeTitle}
      question={text.removeQuestion(channel.name)}
      confirmLabel={text.remove}
      danger
      onConfirm={remove}
      aria-label={text.removeOf(channel.name)}
    >
      {text.remove}
    </ConfirmButton>
  )
}
