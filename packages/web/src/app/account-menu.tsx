import { type MantineColorScheme, Menu, useMantineColorScheme } from '@mantine/core'
import { IconCheck, IconLanguage, IconLogout, IconUser } from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import { type ComponentProps, type ReactElement, useEffect, useState } from 'react'
import { showNotice } from '../ui/notices.tsx'
import { ApiFailure, api } from './api.ts'
import { later } from './clock.ts'
import { useLanguage, useMessages } from './language.tsx'
import { appMessages } from './messages.ts'
import { queryClient } from './query-client.ts'
import { useMe } from './session.tsx'
import classes from './shell.module.css'

/** The menu behind the button takes longer to make than the button: the page comes first. */
const MENU_AFTER_MS = 500

/** Who one is, how the pages look and speak, and the way out. */
export function AccountMenu(): ReactElement {
  const [has, setHas] = useState<'button' | 'menu' | 'open menu'>('button')
  useEffect(() => later(MENU_AFTER_MS, () => setHas((now) => (now === 'button' ? 'menu' : now))), [])
  return has === 'button' ? <AccountButton onClick={() => setHas('open menu')} /> : <FullAccountMenu isOpen={has === 'open menu'} />
}

function AccountButton(props: ComponentProps<'button'>): ReactElement {
  const text = useMessages(appMessages)
  const { username } = useMe()
  const initials = username.slice(0, 2).toUpperCase()
  return (
    <button
      type="button"
      aria-label={`${initials}, ${text.account}: ${username}`}
      aria-haspopup="menu"
      {...props}
      className={classes.account}
    >
      <span aria-hidden>{initials}</span>
    </button>
  )
}

function FullAccountMenu({ isOpen }: { readonly isOpen: boolean }): ReactElement {
  const text = useMessages(appMessages)
  const { username } = useMe()
  return (
    <Menu position="bottom-end" width={230} withinPortal defaultOpened={isOpen}>
      <Menu.Target>
        <AccountButton />
      </Menu.Target>
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
