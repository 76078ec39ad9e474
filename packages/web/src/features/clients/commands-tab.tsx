import type { Client, Hooks } from '@holdfast/protocol'
import { Stack } from '@mantine/core'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { showNotice } from '../../ui/notices.tsx'
import { SaveBar } from '../../ui/save-bar.tsx'
import { Section } from '../../ui/section.tsx'
import { HooksEditor } from '../plans/hooks-editor.tsx'
import { clientPageMessages } from './client-messages.ts'
import { useChangeClient } from './use-change-client.ts'

const PREFIX = 'settings.hooks.'

/** The commands around each backup of a client. */
export function CommandsTab({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(clientPageMessages)
  const { mayManage } = useRights()
  const { hooks } = client.settings
  // What was typed lies over what is stored, which may change meanwhile.
  const [edited, setEdited] = useState<Hooks>()
  const draft = edited ?? hooks
  const { mutate, error, isPending, reset } = useChangeClient(client.id)
  const errors = Object.entries(useFieldErrors(error)).filter(([path]) => path.startsWith(PREFIX))
  const save = (event: FormEvent): void => {
    event.preventDefault()
    const onSuccess = (): void => {
      setEdited(undefined)
      showNotice({ tone: 'good', title: text.saved })
    }
    mutate({ settings: { hooks: draft } }, { onSuccess })
  }
  const discard = (): void => {
    setEdited(undefined)
    reset()
  }
  return (
    <Section title={text.commandsTitle} description={text.commandsHint}>
      <form onSubmit={save}>
        <Stack gap="md">
          <HooksEditor
            value={draft}
            onChange={setEdited}
            isReadOnly={!mayManage}
            errors={Object.fromEntries(errors.map(([path, message]) => [path.slice(PREFIX.length), message]))}
          />
          {error === null ? null : <FailureNotice failure={error} />}
          {mayManage ? (
            <SaveBar isChanged={JSON.stringify(draft) !== JSON.stringify(hooks)} isBusy={isPending} onDiscard={discard} />
          ) : null}
        </Stack>
      </form>
    </Section>
  )
}
