import { type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core'
import { IconCheck, IconLanguage, IconLogout, IconUser } from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import { showNotice } from '../ui/notices.tsx'
import { ApiFailure, api } from './api.ts'
import { useLanguage, useMessages } from './language.tsx'
import { appMessages } from './messages.ts'
import { queryClient } from './query-client.ts'
import { useMe } from './session.tsx'

export interface AccountChoicesProps {
  /** What opens them. */
  readonly button: ReactElement
  /** Whether they are open from the beginning. */
  readonly isOpen: boolean
}

/** Who one is, how the pages look and speak, and the way out. */
export function AccountChoices({ button, isOpen }: AccountChoicesProps): ReactElement {
  const text = useMessages(appMessages)
  const { username } = useMe()
  return (
    <Menu position="bottom-end" width={230} withinPortal defaultOpened={isOpen}>
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{username}</Menu.Label>
        <Menu.Item component={Link} to="/account" leftSection={<IconUser size={16} aria-hidden />}>
          {text.account}
        </Menu.Item>
        <Menu.Divider />
        <LanguageItems />
        <Menu.Divider />
        <ThemeItems />
        <Menu.Divider />
        <SignOutItem />
      </Menu.Dropdown>
    </Menu>
  )
}

function LanguageItems(): ReactElement {
  const text = useMessages(appMessages)
  const { language, choose } = useLanguage()
  return (
    <>
      <Menu.Label>{text.language}</Menu.Label>
      {(['en', 'ja'] as const).map((one) => (
        <Menu.Item
          key={one}
          lang={one}
          leftSection={<IconLanguage size={16} aria-hidden />}
          rightSection={language === one ? <IconCheck size={16} aria-hidden /> : null}
          onClick={() => choose(one)}
        >
          {one === 'en' ? 'English' : '日本語'}
        </Menu.Item>
      ))}
    </>
  )
}

function ThemeItems(): ReactElement {
  const text = useMessages(appMessages)
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const choices: readonly (readonly [MantineColorScheme, string])[] = [
    ['auto', text.system],
    ['light', text.light],
    ['dark', text.dark],
  ]
  return (
    <>
      <Menu.Label>{text.theme}</Menu.Label>
      {choices.map(([scheme, label]) => (
        <Menu.Item
          key={scheme}
          rightSection={colorScheme === scheme ? <IconCheck size={16} aria-hidden /> : null}
          onClick={() => setColorScheme(scheme)}
        >
          {label}
        </Menu.Item>
      ))}
    </>
  )
}

function SignOutItem(): ReactElement {
  const text = useMessages(appMessages)
  const navigate = useNavigate()
  const signOut = async (): Promise<void> => {
    try {
      await api.delete('/api/v1/session')
    } catch (error) {
      // Whoever is signed out already has what was wanted; anybody else must know that the session goes on.
      if (!(error instanceof ApiFailure) || error.problem.code !== 'auth.required') {
        return showNotice({ tone: 'bad', title: text.notSignedOut, message: error instanceof Error ? error.message : String(error) })
      }
    }
    await navigate({ to: '/sign-in' })
    queryClient.clear()
  }
  return (
    <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void signOut()}>
      {text.signOut}
    </Menu.Item>
  )
}
