import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { meQuery, useMe } from '../../app/session.tsx'
import { ConfirmButton } from '../../ui/confirm-button.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { Section } from '../../ui/section.tsx'
import { signInMethodsQuery } from '../sign-in/queries.ts'
import { accountMessages } from './messages.ts'
import { PasswordStep } from './password-step.tsx'
import { ownAccount } from './queries.ts'

/** The tie to an account of the identity provider; nothing where there is none. */
export function SingleSignOnSection(): ReactElement | null {
  const text = useMessages(accountMessages)
  const { hasSingleSignOn, hasPassword } = useMe()
  const { data } = useQuery(signInMethodsQuery)
  const name = data?.singleSignOn?.name
  if (name === undefined) return null
  const action = hasSingleSignOn ? <Untie name={name} /> : <Tie name={name} />
  return (
    <Section title={text.singleSignOn} description={text.singleSignOnHelp(name)} actions={hasPassword ? action : undefined}>
      {hasSingleSignOn ? <Text size="sm">{text.tied(name)}</Text> : null}
    </Section>
  )
}

function Tie({ name }: { readonly name: string }): ReactElement {
  const text = useMessages(accountMessages)
  const [isOpen, setOpen] = useState(false)
  const { mutate, isPending, error } = useMutation({
    mutationFn: ownAccount.tieSingleSignOn,
    onSuccess: ({ url }) => window.location.assign(url),
  })
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {text.tie(name)}
      </Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={text.tie(name)} closeButtonProps={{ 'aria-label': text.close }}>
        <Stack gap="sm">
          <Text size="sm">{text.tieExplained(name)}</Text>
          <PasswordStep isBusy={isPending} failure={error} onPassword={mutate} onCancel={() => setOpen(false)} />
        </Stack>
      </Modal>
    </>
  )
}

function Untie({ name }: { readonly name: string }): ReactElement {
  const text = useMessages(accountMessages)
  const queryClient = useQueryClient()
  const untie = async (): Promise<void> => {
    await ownAccount.untieSingleSignOn()
    await queryClient.invalidateQueries({ queryKey: meQuery.queryKey })
    showNotice({ tone: 'good', title: text.untied })
  }
  return (
    <Group>
      <ConfirmButton title={text.untieTitle} question={text.untieQuestion(name)} confirmLabel={text.untie} danger onConfirm={untie}>
        {text.untie}
      </ConfirmButton>
    </Group>
  )
}
