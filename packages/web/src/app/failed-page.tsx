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

/** Stands where no page is. */
export function MissingPage(): ReactElement {
  const text = useMessages(appMessages)
  useTitle(text.notFound)
  return (
    <Box p="md" maw={720} mx="auto">
      <Title order={1} mb="xs">
        {text.notFound}
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

function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Holdfast`
  }, [title])
}
