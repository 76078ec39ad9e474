import type { Login, User } from '@holdfast/protocol'
import { queryOptions } from '@tanstack/react-query'
import { api } from '../../app/api.ts'

/** How one can sign in besides by password. */
export interface SignInMethods {
  readonly singleSignOn: { readonly name: string } | null
}

/** How one can sign in. */
export const signInMethodsQuery = queryOptions({
  queryKey: ['sign-in-methods'],
  queryFn: ({ signal }) => api.get<SignInMethods>('/api/v1/sign-in-methods', { signal }),
  staleTime: 60_000,
})

/** Begins a session. */
export function signIn(login: Login): Promise<User> {
  return api.post<User>('/api/v1/session', login)
}
