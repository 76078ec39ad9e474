import { Badge, Burger, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { type ReactElement, Suspense, useCallback, useEffect, useState } from 'react'
import type { SessionEndedDialog } from '../features/sign-in/session-ended-dialog.tsx'
import { Notices } from '../ui/notices.tsx'
import { Waiting } from '../ui/waiting.tsx'
import { AccountMenu } from './account-menu.tsx'
import { onSessionEnded } from './api.ts'
import { later } from './clock.ts'
import { useMessages } from './language.tsx'
import { useLiveConnection, useLiveRuns } from './live.ts'
import { appMessages } from './messages.ts'
import { PLACES, type Place } from './places.tsx'
import { QuickSearch } from './quick-search.tsx'
import { useRights } from './session.tsx'
import classes from './shell.module.css'

const SESSION_END_AFTER_MS = 1500

/** The frame of all pages: where one can go, who one is, and what is said in passing. */
export function Shell(): ReactElement {
  const text = useMessages(appMessages)
  const [isOpen, { toggle, close }] = useDisclosure(false)
  const { pathname } = useLocation()
  useLiveConnection()
  // biome-ignore lint/correctness/useExhaustiveDependencies: every change of the place closes the menu
  useEffect(close, [pathname])
  return (
    <>
      <a href="#content" className={classes.skip}>
        {text.skip}
      </a>
      <header className={classes.header}>
        <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={text.menu} aria-expanded={isOpen} />
        <Link to="/" className={classes.brand} aria-label="Holdfast">
          <img src="/icon.svg" width={28} height={28} alt="" />
          <Text component="span" fw={700} visibleFrom="xs">
            Holdfast
          </Text>
        </Link>
        <QuickSearch />
        <AccountMenu />
      </header>
      <nav className={classes.navbar} aria-label={text.navigation} data-open={isOpen || undefined}>
        <Places />
      </nav>
      <main className={classes.main} id="content" tabIndex={-1}>
        <Suspense fallback={<Waiting lines={6} />}>
          <Outlet />
        </Suspense>
      </main>
      <Notices />
      <SessionEnd />
    </>
  )
}

/**
 * What is needed when the session ends is there before that, but comes after what the page itself needs, unless it has ended already.
 * Pages stay as they are without it; where it could not be loaded, it is tried again when the session has ended.
 */
function SessionEnd(): ReactElement | null {
  const [Dialog, setDialog] = useState<typeof SessionEndedDialog>()
  const [hasEnded, setEnded] = useState(false)
  const load = useCallback(() => {
    import('../features/sign-in/session-ended-dialog.tsx').then(
      (module) => setDialog(() => module.SessionEndedDialog),
      () => undefined,
    )
  }, [])
  useEffect(() => later(SESSION_END_AFTER_MS, load), [load])
  useEffect(
    () =>
      onSessionEnded(() => {
        setEnded(true)
        load()
      }),
    [load],
  )
  return Dialog === undefined ? null : <Dialog hasEnded={hasEnded} />
}

function Places(): ReactElement {
  const text = useMessages(appMessages)
  const { isAdmin } = useRights()
  return (
    <>
      {PLACES.map(({ group, places }) => {
        const shown = places.filter(({ isForAdmins }) => isAdmin || isForAdmins !== true)
        return shown.length === 0 ? null : (
          <div key={group ?? 'top'} className={classes.group}>
            {group === undefined ? null : (
              <Text size="xs" fw={650} c="dimmed" px="sm" py={4}>
                {text[group]}
              </Text>
            )}
            {shown.map((place) => (
              <PlaceLink key={place.to} place={place} />
            ))}
          </div>
        )
      })}
    </>
  )
}

function PlaceLink({ place }: { readonly place: Place }): ReactElement {
  const text = useMessages(appMessages)
  const { pathname } = useLocation()
  const isActive = place.to === '/' ? pathname === '/' : pathname === place.to || pathname.startsWith(`${place.to}/`)
  return (
    <Link to={place.to} className={classes.place} aria-current={isActive ? 'page' : undefined}>
      <place.Icon size={18} stroke={1.7} aria-hidden />
      <span>{text[place.label]}</span>
      {place.to === '/runs' ? <ActiveRuns /> : null}
    </Link>
  )
}

function ActiveRuns(): ReactElement | null {
  const text = useMessages(appMessages)
  const { length } = useLiveRuns()
  if (length === 0) return null
  return (
    <Badge size="sm" circle={length < 10} variant="filled" aria-label={text.runsActive(length)}>
      {length}
    </Badge>
  )
}
