import type { User } from '@holdfast/protocol'
import { Alert, Anchor, Box, Button, Divider, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle, IconLogin2 } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { type ReactElement, useEffect } from 'react'
import { withQuery } from '../../app/api.ts'
import { type Language, useLanguage, useMessages } from '../../app/language.tsx'
import { meQuery } from '../../app/session.tsx'
import { signInMessages } from './messages.ts'
import { signInMethodsQuery } from './queries.ts'
import { pathToReturnTo } from './return-to.ts'
import { SignInForm } from './sign-in-form.tsx'
import classes from './sign-in-page.module.css'

/** Where people sign in; leads on to where they wanted to be. */
export function SignInPage(): ReactElement {
  const text = useMessages(signInMessages)
  const search: { readonly returnTo?: unknown; readonly singleSignOn?: unknown } = useSearch({ strict: false })
  const returnTo = pathToReturnTo(typeof search.returnTo === 'string' ? search.returnTo : undefined)
  const onSignedIn = useArrival(returnTo)
  useEffect(() => {
    document.title = `${text.title} · Holdfast`
  }, [text.title])
  return (
    <Box component="main" className={classes.page ?? ''}>
      <Stack gap="md" className={classes.column ?? ''}>
        <Group justify="center" gap="sm" wrap="nowrap">
          <img src="/icon.svg" alt="" width={36} height={36} />
          <Title order={1}>{text.welcome}</Title>
        </Group>
        <Paper withBorder p="lg" className={classes.card ?? ''}>
          <SingleSignOnRefusal reason={search.singleSignOn} />
          <SignInForm onSignedIn={onSignedIn} />
          <SingleSignOn returnTo={returnTo} />
        </Paper>
        <Text size="sm" c="dimmed" ta="center">
          {text.forgotten}
        </Text>
        <LanguageChoice />
      </Stack>
    </Box>
  )
}

/** What was fetched for whoever was here before is forgotten. */
function useArrival(returnTo: string): (user: User) => void {
  const router = useRouter()
  const queryClient = useQueryClient()
  return (user) => {
    queryClient.clear()
    queryClient.setQueryData(meQuery.queryKey, user)
    router.history.replace(returnTo)
  }
}

function SingleSignOn({ returnTo }: { readonly returnTo: string }): ReactElement | null {
  const text = useMessages(signInMessages)
  const { data } = useQuery(signInMethodsQuery)
  if (data === undefined || data.singleSignOn === null) return null
  return (
    <>
      <Divider my="md" label={text.or} labelPosition="center" />
      <Button
        component="a"
        href={withQuery('/api/v1/single-sign-on', { returnTo })}
        variant="default"
        fullWidth
        leftSection={<IconLogin2 size={18} aria-hidden />}
      >
        {text.singleSignOn(data.singleSignOn.name)}
      </Button>
    </>
  )
}

/** Why somebody who came back from the identity provider is not signed in. */
function SingleSignOnRefusal({ reason }: { readonly reason: unknown }): ReactElement | null {
  const text = useMessages(signInMessages)
  if (reason !== 'refused' && reason !== 'unavailable') return null
  return (
    <Alert role="alert" mb="md" color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={text.singleSignOnFailed}>
      {reason === 'refused' ? text.singleSignOnRefused : text.singleSignOnUnavailable}
    </Alert>
  )
}

const LANGUAGES: readonly { readonly value: Language; readonly label: string }[] = [
  { value: 'en', label: 'English' },
  { value: 'ja', label: '日本語' },
]

function LanguageChoice(): ReactElement {
  const text = useMessages(signInMessages)
  const { language, choose } = useLanguage()
  return (
    <Group justify="center" gap="md" component="nav" aria-label={text.language}>
      {LANGUAGES.map(({ value, label }) => (
        <Anchor
          key={value}
          component="button"
          type="button"
          size="sm"
          lang={value}
          aria-current={value === language ? 'true' : undefined}
          fw={value === language ? 700 : 400}
          onClick={() => choose(value)}
        >
          {label}
        </Anchor>
      ))}
    </Group>
  )
}
