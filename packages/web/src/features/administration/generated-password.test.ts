import { passwordSchema } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { generatePassword } from './generated-password.ts'

test('a generated password is what the server takes, and never the same', () => {
  const passwords = Array.from({ length: 200 }, generatePassword)
  expect(new Set(passwords).size).toBe(passwords.length)
  for (const password of passwords) {
    expect(password).toMatch(/^([a-km-np-z2-9]{5}-){3}[a-km-np-z2-9]{5}$/)
    expect(passwordSchema.safeParse(password).success).toBe(true)
  }
  expect(new Set(passwords.join('').replaceAll('-', '')).size).toBe(32)
})
