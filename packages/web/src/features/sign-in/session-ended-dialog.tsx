import type { User } from '@holdfast/protocol'
import { Anchor, Group, Modal, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactElement, useCallback, useEffect, useState } from 'react'
import { api, onSessionEnded, withQuery } from '../../app/api.ts'
import { useMessages } from '../../app/language.tsx'
import { meQuery, useMaybeMe } from '../../app/session.tsx'
import { showNotice } from '../../ui/notices.tsx'
import { signInMessages } from './messages.ts'
import { signInMethodsQuery } from './queries.ts'
import { pathToReturnTo } from './return-to.ts'
import { SignInForm } from './sign-in-form.tsx'

/**
 * Opens when the server no longer knows the session, and lets the same user sign in again in place: the page below stays as it is, with
 * all that was typed. What could not be fetched meanwhile is fetched then. A session that begins in another tab closes it too.
 * `hasEnded` says whether the server has said so before the dialog was there.
 */
export function SessionEndedDialog({ hasEnded }: { readonly hasEnded: boolean }): ReactElement | null {
  const text = useMessages(signInMessages)
  const me = useMaybeMe()
  const [isOpen, setOpen] = useState(hasEnded)
  const goOn = useGoOn(me, () => setOpen(false))
  useEffect(() => onSessionEnded(() => setOpen(true)), [])
  useOtherTab(isOpen, goOn)
  if (me === undefined) return null
  return (
    <Modal
      opened={isOpen}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={text.endedTitle}
      zIndex={1000}
    >
      <Stack gap="sm">
        <Text size="sm">{text.endedExplained}</Text>
        <SignInForm username={me.username} onSignedIn={goOn} />
        <OtherWays />
      </Stack>
    </Modal>
  )
}

/** What happens once somebody is signed in again: the same user goes on, anybody else begins anew. */
function useGoOn(former: User | undefined, close: () => void): (user: User) => void {
  const text = useMessages(signInMessages)
  const queryClient = useQueryClient()
  return (user) => {
    if (user.id !== former?.id) return window.location.assign('/')
    queryClient.setQueryData(meQuery.queryKey, user)
    close()
    void queryClient.invalidateQueries()
    showNotice({ tone: 'good', title: text.signedInAgain, message: text.goOn })
  }
}

/** Looks, whenever the window comes back into view, whether there is a session again. */
function useOtherTab(isOpen: boolean, onSession: (user: User) => void): void {
  const look = useCallback(() => {
    // Nobody being signed in is what is known already.
    api.get<User>(ME).then(onSession, () => undefined)
  }, [onSession])
  useEffect(() => {
    if (!isOpen) return undefined
    window.addEventListener('focus', look)
    return () => window.removeEventListener('focus', look)
  }, [isOpen, look])
}

const ME = '/api/v1/me'

function OtherWays(): ReactElement {
  const text = useMessages(signInMessages)
  const { data } = useQuery(signInMethodsQuery)
  const name = data?.singleSignOn?.name
  const returnTo = pathToReturnTo(`${window.location.pathname}${window.location.search}`)
  return (
    <Group justify="space-between" gap="xs">
      <Anchor size="sm" href={withQuery('/sign-in', { returnTo })}>
        {text.somebodyElse}
      </Anchor>
      {name === undefined ? null : (
        <Anchor size="sm" href="/api/v1/single-sign-on" target="_blank" rel="noreferrer">
          {text.singleSignOn(name)} ({text.newTab})
        </Anchor>
      )}
    </Group>
  )
}
