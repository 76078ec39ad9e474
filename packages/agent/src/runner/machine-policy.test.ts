import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { byteStringOf, joinBytes, systemPath } from '@holdfast/engine'
import { afterAll, expect, test } from 'vitest'
import { checkRestorePaths, UNRESTRICTED } from './machine-policy.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-policy-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('links are followed by the bytes of their names: one that is no text leads no restore out of what is allowed', () => {
  for (const name of ['allowed', 'beside']) mkdirSync(join(folder, name))
  const allowed = join(folder, 'allowed')
  const link = joinBytes(byteStringOf(allowed), '\xff' as ReturnType<typeof byteStringOf>)
  symlinkSync(join(folder, 'beside'), systemPath(link))
  const below = joinBytes(link, byteStringOf('file'))
  const policy = { ...UNRESTRICTED, restorePaths: [allowed] }
  expect(() => checkRestorePaths(policy, [below])).toThrow('does not allow it')
  expect(() => checkRestorePaths({ ...UNRESTRICTED, neverRestorePaths: [join(folder, 'beside')] }, [below])).toThrow('does not allow it')
  expect(() => checkRestorePaths(policy, [joinBytes(byteStringOf(allowed), byteStringOf('file'))])).not.toThrow()
})
