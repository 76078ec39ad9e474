import { describe, expect, it } from 'vitest'
import { ApiFailure } from '../../app/api.ts'
import { refusalOf } from './refusal.ts'

function failure(code: string, retryAfterSeconds?: number): ApiFailure {
  const problem = { type: '', title: '', status: 401, detail: '', code }
  return new ApiFailure(retryAfterSeconds === undefined ? problem : { ...problem, retryAfterSeconds })
}

describe('why somebody is not signed in', () => {
  it('is what was sent last: the password, the code, or the recovery code', () => {
    expect(refusalOf(failure('auth.second-factor'), 'none')).toEqual({ kind: 'code-wanted' })
    expect(refusalOf(failure('auth.failed'), 'none')).toEqual({ kind: 'password' })
    expect(refusalOf(failure('auth.failed'), 'authenticator')).toEqual({ kind: 'code' })
    expect(refusalOf(failure('auth.failed'), 'recovery')).toEqual({ kind: 'recovery-code' })
  })

  it('is told with the minutes that are left, a whole one at least', () => {
    expect(refusalOf(failure('auth.locked', 841), 'none')).toEqual({ kind: 'locked', minutes: 15 })
    expect(refusalOf(failure('auth.locked', 3), 'none')).toEqual({ kind: 'locked', minutes: 1 })
    expect(refusalOf(failure('auth.locked'), 'none')).toEqual({ kind: 'locked', minutes: 1 })
  })

  it('tells a network that is refused from a moment with many who sign in', () => {
    expect(refusalOf(failure('request.too-many', 600), 'none')).toEqual({ kind: 'refused', minutes: 10 })
    expect(refusalOf(failure('request.too-many', 1), 'none')).toEqual({ kind: 'busy' })
  })

  it('is handed on where it has nothing to do with who one is', () => {
    const other = failure('internal')
    expect(refusalOf(other, 'none')).toEqual({ kind: 'other', failure: other })
    expect(refusalOf('x', 'none')).toEqual({ kind: 'other', failure: 'x' })
  })
})
