import { Anchor, Box, Button, Text, Title } from '@mantine/core'
import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { type ReactElement, useEffect } from 'react'
import { FailureNotice } from '../ui/failure-notice.tsx'
import { useMessages } from './language.tsx'
import { appMessages } from './messages.ts'

/** Stands where a page failed; a page whose code is gone is of an older version of the server. */
export function FailedPage({ error, reset }: ErrorComponentProps): ReactElement {
  const text = useMessages(appMessages)
  useTitle(text.pageFailed)
  const isOldBuild = error instanceof Error && /dynamically imported module|module script/i.test(error.message)
  return (
    <Box p="md" maw={720} mx="auto">
      <Title order={1} mb="md">
        {text.pageFailed}
      </Title>
      {isOldBuild ? <Text mb="md">{text.newBuild}</Text> : <FailureNotice failure={error} retry={reset} />}
      <Button mt="md" onClick={() => window.location.reload()}>
        {text.reload}
      </Button>
    </Box>
  )
}

/** That there is none of what an address names. */
export type MissingThing = 'noClient' | 'noPlan' | 'noRepository' | 'noRun' | 'noSnapshot'

/** Stands where no page is; `data` may be a {@link MissingThing}. */
export function MissingPage({ data }: { readonly data?: unknown }): ReactElement {
  const text = useMessages(appMessages)
  const title = isMissingThing(data) ? text[data] : text.notFound
  useTitle(title)
  return (
    <Box p="md" maw={720} mx="auto">
      <Title order={1} mb="xs">
        {title}
      </Title>
      <Text c="dimmed" mb="md">
        {text.notFoundHelp}
      </Text>
      <Anchor component={Link} to="/">
        {text.toOverview}
      </Anchor>
    </Box>
  )
}

function isMissingThing(data: unknown): data is MissingThing {
  return typeof data === 'string' && data.startsWith('no')
}

function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Holdfast`
  }, [title])
}
