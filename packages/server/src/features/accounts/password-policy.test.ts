import { expect, it } from 'vitest'
import { isServerError } from '../../errors.ts'
import { demandGoodPassword } from './password-policy.ts'

function refuses(password: string): boolean {
  try {
    demandGoodPassword(password, { username: 'Annabella' })
    return false
  } catch (error) {
    if (isServerError(error, 'request.invalid')) return true
    throw error
  }
}

it.each([
  'short',
  'annabella',
  'ANNABELLA1',
  'xAnnabella123',
  'annabellaannabella',
  'aaaaaaaaaaaa',
  'ababababab',
  'Password123',
  'QWERTYUIOP',
])('refuses %j', (password) => expect(refuses(password)).toBe(true))

it.each(['correct horse battery', 'my annabella loves tea', 'fünf lange Wörter hier'])('takes %j', (password) =>
  expect(refuses(password)).toBe(false),
)
