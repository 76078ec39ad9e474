import type { Client } from '@holdfast/protocol'
import { Stack } from '@mantine/core'
import { type FormEvent, type ReactElement, useState } from 'react'
import { fieldErrors } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { Section } from '../../ui/section.tsx'
import { HooksEditor } from '../plans/hooks-editor.tsx'
import { clientPageMessages } from './client-messages.ts'
import { SaveBar } from './save-bar.tsx'
import { useChangeClient } from './use-change-client.ts'

const PREFIX = 'settings.hooks.'

/** The commands around each backup of a client. */
export function CommandsTab({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(clientPageMessages)
  const { mayManage } = useRights()
  const { hooks } = client.settings
  const [draft, setDraft] = useState(hooks)
  const { mutate, error, isPending, reset } = useChangeClient(client.id)
  const errors = Object.entries(fieldErrors(error)).filter(([path]) => path.startsWith(PREFIX))
  const save = (event: FormEvent): void => {
    event.preventDefault()
    const onSuccess = (saved: Client): void => {
      setDraft(saved.settings.hooks)
      showNotice({ tone: 'good', title: text.saved })
    }
    mutate({ settings: { ...client.settings, hooks: draft } }, { onSuccess })
  }
  const discard = (): void => {
    setDraft(hooks)
    reset()
  }
  return (
    <Section title={text.commandsTitle} description={text.commandsHint}>
      <form onSubmit={save}>
        <Stack gap="md">
          <HooksEditor
            value={draft}
            onChange={setDraft}
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
