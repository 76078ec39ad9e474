import { Anchor, Box, Breadcrumbs, Group, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type ReactElement, type ReactNode, useEffect } from 'react'
import { useMessages } from '../app/language.tsx'
import { FileName } from './file-name.tsx'
import { shownText } from './message-text.tsx'
import { uiMessages } from './messages.ts'
import classes from './page.module.css'

/** One step of the way to a page; `to` is a path of these pages. */
export interface Crumb {
  readonly label: ReactNode
  readonly to: string
}

/** Titles may be as long as names can be; longer ones than this are cut after some lines, and whole where the mouse or the keyboard is. */
const TITLE_LONG = 80

export interface PageProps {
  /** The page's heading, and the title of the window. */
  readonly title: string
  /** What stands beside the heading: a badge, say. */
  readonly aside?: ReactNode
  readonly description?: ReactNode
  readonly actions?: ReactNode
  readonly breadcrumbs?: readonly Crumb[]
  readonly children: ReactNode
}

/** A page with its heading. */
export function Page({ title, aside, description, actions, breadcrumbs, children }: PageProps): ReactElement {
  useEffect(() => {
    document.title = `${title} · Holdfast`
  }, [title])
  return (
    <Box className={classes.page}>
      {breadcrumbs === undefined ? null : <Trail crumbs={breadcrumbs} />}
      <Group justify="space-between" align="flex-start" gap="sm" mb="md">
        <div className={classes.heading}>
          <Group gap="sm" align="center">
            <Title order={1} className={classes.title} {...(title.length > TITLE_LONG ? { title, tabIndex: 0 } : {})}>
              <FileName>{title}</FileName>
            </Title>
            {aside}
          </Group>
          {description === undefined ? null : (
            <Text c="dimmed" size="sm" mt={4} component="div">
              {shownText(description)}
            </Text>
          )}
        </div>
        {actions === undefined ? null : <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Box>
  )
}

function Trail({ crumbs }: { readonly crumbs: readonly Crumb[] }): ReactElement {
  const text = useMessages(uiMessages)
  return (
    <Breadcrumbs separatorMargin={6} mb={6} component="nav" aria-label={text.trail} className={classes.trail}>
      {crumbs.map(({ label, to }) => (
        <Anchor key={to} size="sm" component={Link} to={to}>
          {shownText(label)}
        </Anchor>
      ))}
    </Breadcrumbs>
  )
}
