import { expect, test } from 'vitest'
import { parseFirstLogin } from './first-login.ts'

test('reads name and password, whatever is in them', () => {
  const hash = `#${new URLSearchParams({ username: 'Ann & co', password: 'a+b=c #%' }).toString()}`
  expect(parseFirstLogin(hash)).toEqual({ username: 'Ann & co', password: 'a+b=c #%' })
})

test('reads nothing where one of them is missing', () => {
  for (const hash of ['', '#', '#section', '#username=ann', '#password=x'])
    expect(parseFirstLogin(hash)).toEqual({ username: '', password: '' })
})
