import type { User } from '@holdfast/protocol'
import { Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, type ReactElement, useState } from 'react'
import { useMessages } from '../../app/language.tsx'
import { CodeStep } from './code-step.tsx'
import { forgetFirstLogin, takeFirstLogin } from './first-login.ts'
import { signInMessages } from './messages.ts'
import { signIn } from './queries.ts'
import { type CodeKind, type Refusal, refusalOf } from './refusal.ts'
import { RefusalNotice } from './refusal-notice.tsx'

export interface SignInFormProps {
  /** Who signs in, when nobody else may; else there is a field for the name. */
  readonly username?: string
  readonly onSignedIn: (user: User) => void
}

/** Asks for name and password and, when the server wants one, for a code of the second factor. */
export function SignInForm({ username: fixedName, onSignedIn }: SignInFormProps): ReactElement {
  const text = useMessages(signInMessages)
  const [username, setUsername] = useState(() => fixedName ?? takeFirstLogin().username)
  const [password, setPassword] = useState(() => (fixedName === undefined ? takeFirstLogin().password : ''))
  const { refusal, isBusy, attempt, isCodeWanted, forget } = useSignIn(onSignedIn)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    attempt({ username, password }, 'none')
  }
  if (isCodeWanted) {
    return (
      <CodeStep
        isBusy={isBusy}
        refusal={refusal}
        onBack={() => {
          setPassword('')
          forget()
        }}
        onCode={(code, kind) => attempt({ username, password, code }, kind)}
      />
    )
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <RefusalNotice refusal={refusal} />
        <TextInput
          label={text.username}
          value={username}
          onChange={(event) => setUsername(event.currentTarget.value)}
          readOnly={fixedName !== undefined}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={200}
          data-autofocus={fixedName === undefined ? true : undefined}
          required
          withAsterisk={false}
        />
        <PasswordInput
          label={text.password}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          name="password"
          autoComplete="current-password"
          maxLength={200}
          data-autofocus={fixedName === undefined ? undefined : true}
          visibilityToggleButtonProps={{ 'aria-label': text.showPassword }}
          required
          withAsterisk={false}
        />
        <Button type="submit" loading={isBusy} mt="xs" fullWidth>
          {text.signIn}
        </Button>
      </Stack>
    </form>
  )
}

interface SignInState {
  readonly refusal: Refusal | undefined
  readonly isBusy: boolean
  /** Whether the password was right and a code is missing. */
  readonly isCodeWanted: boolean
  readonly attempt: (login: Parameters<typeof signIn>[0], codeKind: CodeKind) => void
  /** Begins anew. */
  readonly forget: () => void
}

function useSignIn(onSignedIn: (user: User) => void): SignInState {
  const [isCodeWanted, setCodeWanted] = useState(false)
  const [refusal, setRefusal] = useState<Refusal>()
  const { mutate, isPending } = useMutation({
    mutationFn: ({ login }: { readonly login: Parameters<typeof signIn>[0]; readonly codeKind: CodeKind }) => signIn(login),
    onMutate: () => setRefusal(undefined),
    onSuccess: (user) => {
      forgetFirstLogin()
      onSignedIn(user)
    },
    onError: (failure, { codeKind }) => {
      const why = refusalOf(failure, codeKind)
      if (why.kind === 'code-wanted') setCodeWanted(true)
      else setRefusal(why)
    },
  })
  return {
    refusal,
    isBusy: isPending,
    isCodeWanted,
    attempt: (login, codeKind) => mutate({ login, codeKind }),
    forget: () => {
      setCodeWanted(false)
      setRefusal(undefined)
    },
  }
}
