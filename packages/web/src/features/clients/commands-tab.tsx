import type { Client, Hooks } from '@holdfast/protocol'
import { Stack } from '@mantine/core'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { useRights } from '../../app/session.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFieldErrors } from '../../ui/field-errors.ts'
import { useFormFailure } from '../../ui/form-failure.ts'
import { showNotice } from '../../ui/notices.tsx'
import { SaveBar } from '../../ui/save-bar.tsx'
import { Section } from '../../ui/section.tsx'
import { useTries } from '../../ui/tries.ts'
import { commandProblems } from '../plans/draft-problems.ts'
import { HooksEditor } from '../plans/hooks-editor.tsx'
import { planMessages } from '../plans/messages.ts'
import { errorsBelow } from '../sources/json-schema.ts'
import { clientPageMessages } from './client-messages.ts'
import { CommandsNote } from './policy-note.tsx'
import { useChangeClient } from './use-change-client.ts'

/** The commands around each backup of a client. */
export function CommandsTab({ client }: { readonly client: Client }): ReactElement {
  const text = useMessages(clientPageMessages)
  const plan = useMessages(planMessages)
  const { mayManage } = useRights()
  const { hooks } = client.settings
  // What was typed lies over what is stored, which may change meanwhile.
  const [edited, setEdited] = useState<Hooks>()
  const draft = edited ?? hooks
  const { mutate, error, isPending, reset } = useChangeClient(client.id)
  const failure = useFormFailure(error, draft)
  const { form, isTried, tried, begunAnew } = useTries<HTMLFormElement>(error)
  const empty = commandProblems(draft, plan.needsCommand)
  const problems = isTried ? empty : {}
  const errors = errorsBelow(useFieldErrors(failure), 'settings.hooks')
  const save = (event: FormEvent): void => {
    event.preventDefault()
    tried()
    if (Object.keys(empty).length > 0) return
    const onSuccess = (): void => {
      begunAnew()
      // What was changed meanwhile is still to be saved.
      setEdited((present) => (present === draft ? undefined : present))
      showNotice({ tone: 'good', title: text.saved })
    }
    mutate({ settings: { hooks: draft } }, { onSuccess })
  }
  const discard = (): void => {
    setEdited(undefined)
    begunAnew()
    reset()
  }
  return (
    <Section title={text.commandsTitle} description={text.commandsHint}>
      <form ref={form} onSubmit={save}>
        <Stack gap="md">
          <CommandsNote clientId={client.id} />
          <HooksEditor value={draft} onChange={setEdited} isReadOnly={!mayManage} errors={{ ...errors, ...problems }} />
          {failure === null ? null : <FailureNotice failure={failure} />}
          {mayManage ? (
            <SaveBar
              isChanged={JSON.stringify(draft) !== JSON.stringify(hooks)}
              isBusy={isPending}
              problem={Object.values(problems)[0] ?? ''}
              failure={failure}
              onDiscard={discard}
            />
          ) : null}
        </Stack>
      </form>
    </Section>
  )
}
