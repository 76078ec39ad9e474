import type {
  ApiToken,
  ChangePassword,
  ChangeSecondFactor,
  CreatedApiToken,
  NewApiToken,
  Retention,
  SecondFactor,
  SecondFactorSecret,
  Session,
  User,
} from '@holdfast/protocol'
import { queryOptions } from '@tanstack/react-query'
import { api } from '../../app/api.ts'

const ME = '/api/v1/me'

/** Whether one has a second factor. */
export const secondFactorQuery = queryOptions({
  queryKey: ['second-factor'],
  queryFn: ({ signal }) => api.get<SecondFactor>(`${ME}/second-factor`, { signal }),
})

/** Where one is signed in. */
export const sessionsQuery = queryOptions({
  queryKey: ['sessions'],
  queryFn: ({ signal }) => api.get<readonly Session[]>(`${ME}/sessions`, { signal }),
})

/** API tokens of one's own. */
export const tokensQuery = queryOptions({
  queryKey: ['tokens'],
  queryFn: ({ signal }) => api.get<readonly ApiToken[]>(`${ME}/tokens`, { signal }),
})

interface RecoveryCodes {
  readonly recoveryCodes: readonly string[]
}

/** What users change of their own accounts. */
export const ownAccount = {
  changePassword: (change: ChangePassword) => api.put<void>(`${ME}/password`, change),
  changeRetention: (retention: Retention | null) => api.patch<User>(ME, { retention }),
  beginSecondFactor: (password: string) => api.post<SecondFactorSecret>(`${ME}/second-factor`, { password }),
  confirmSecondFactor: (code: string) => api.post<RecoveryCodes>(`${ME}/second-factor/confirm`, { code }),
  renewRecoveryCodes: (proof: ChangeSecondFactor) => api.post<RecoveryCodes>(`${ME}/second-factor/recovery-codes`, proof),
  removeSecondFactor: (proof: ChangeSecondFactor) => api.post<void>(`${ME}/second-factor/remove`, proof),
  endSession: (id: number) => api.delete<void>(`${ME}/sessions/${id}`),
  endOtherSessions: () => api.delete<void>(`${ME}/sessions`),
  addToken: (token: NewApiToken) => api.post<CreatedApiToken>(`${ME}/tokens`, token),
  revokeToken: (id: number) => api.delete<void>(`${ME}/tokens/${id}`),
  tieSingleSignOn: (password: string) => api.post<{ readonly url: string }>(`${ME}/single-sign-on`, { password }),
  untieSingleSignOn: () => api.delete<void>(`${ME}/single-sign-on`),
} as const
