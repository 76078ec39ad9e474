import type { Setup } from '@holdfast/protocol'
import { Button, Code, Group, Stack, TextInput } from '@mantine/core'
import { IconCloud, IconFolder } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { FailureNotice } from '../../ui/failure-notice.tsx'
import { useFormFailure } from '../../ui/form-failure.ts'
import { ChoiceCard } from './choice-card.tsx'
import { welcomeMessages } from './messages.ts'
import { makeRepository } from './queries.ts'
import { StepCard } from './step-card.tsx'
import type { StepProps } from './welcome-page.tsx'

/** Makes the repository of plans that name none. */
export function RepositoryStep({ isNext, goTo, setup }: StepProps & { readonly setup: Setup }): ReactElement {
  const text = useMessages(welcomeMessages)
  return (
    <StepCard title={text.repositoryTitle} lead={text.repositoryLead} takesFocus={isNext}>
      <Stack gap="sm">
        <ProposedRepository proposed={setup.proposedRepository} onMade={() => goTo({})} />
        <ChoiceCard icon={<IconCloud size={22} />} title={text.repositoryElsewhere} hint={text.repositoryElsewhereHint}>
          <Group justify="flex-end">
            <Button variant="default" renderRoot={(props) => <Link {...props} to="/repositories/new" search={{ first: 'true' }} />}>
              {text.repositoryElsewhereOpen}
            </Button>
          </Group>
        </ChoiceCard>
      </Stack>
    </StepCard>
  )
}

function ProposedRepository({ proposed, onMade }: { readonly proposed: string; readonly onMade: () => void }): ReactElement {
  const text = useMessages(welcomeMessages)
  const isFolder = proposed.startsWith('/')
  const [folder, setFolder] = useState(proposed)
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => makeRepository(folder.trim() === proposed ? undefined : folder.trim()),
    onSuccess: onMade,
  })
  const failure = useFormFailure(error, folder)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    mutate()
  }
  const title = isFolder ? text.repositoryHere : text.repositoryProposed
  return (
    <ChoiceCard icon={<IconFolder size={22} />} title={title} hint={isFolder ? text.repositoryHereHint : undefined} isProposed>
      <form onSubmit={submit}>
        <Stack gap="sm">
          {isFolder ? (
            <TextInput
              label={text.repositoryFolder}
              description={text.repositoryFolderHint}
              value={folder}
              onChange={(event) => setFolder(event.currentTarget.value)}
              spellCheck={false}
              autoCapitalize="none"
              maxLength={2000}
              error={folder.trim().startsWith('/') ? undefined : text.foldersNotAbsolute}
            />
          ) : (
            <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
              {proposed}
            </Code>
          )}
          {failure === null ? null : <FailureNotice failure={failure} />}
          <Group justify="flex-end">
            <Button type="submit" loading={isPending} disabled={isFolder && !folder.trim().startsWith('/')}>
              {text.repositoryUse}
            </Button>
          </Group>
        </Stack>
      </form>
    </ChoiceCard>
  )
}
