import type { SnapshotView } from '@holdfast/protocol'
import { Modal, TagsInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { FormActions } from '../../ui/form-actions.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { uiMessages } from '../../ui/messages.ts'
import { showNotice } from '../../ui/notices.tsx'
import { snapshotMessages } from './messages.ts'
import { replaceTags } from './snapshot-mutations.ts'

export interface TagsDialogProps {
  readonly snapshot: SnapshotView
  readonly onClose: () => void
}

/** Edits the tags of a snapshot. */
export function TagsDialog({ snapshot, onClose }: TagsDialogProps): ReactElement {
  const text = useMessages(snapshotMessages)
  const ui = useMessages(uiMessages)
  const [tags, setTags] = useState<string[]>([...snapshot.tags])
  const saving = useMutation({
    mutationFn: () => replaceTags(snapshot.id, tags),
    onSuccess: () => {
      showNotice({ title: text.tagsSaved, tone: 'good' })
      onClose()
    },
  })
  const failure = useFormFailure(saving.error, tags)
  const [fieldError] = Object.values(useFieldErrors(failure))
  return (
    <Modal opened onClose={onClose} title={text.tagsTitle} closeButtonProps={{ 'aria-label': ui.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          saving.mutate()
        }}
      >
        <TagsInput
          label={text.tagsLabel}
          description={text.tagsHint}
          value={tags}
          onChange={setTags}
          maxTags={50}
          splitChars={[',']}
          data-autofocus
          {...(fieldError === undefined ? {} : { error: fieldError })}
        />
        {failure !== null && fieldError === undefined ? <FailureNotice failure={failure} /> : null}
        <FormActions label={text.save} isBusy={saving.isPending} onCancel={onClose} mt="md" />
      </form>
    </Modal>
  )
}
