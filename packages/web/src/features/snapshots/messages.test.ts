import { expect, test } from 'vitest'
import { snapshotMessages } from './messages.ts'

test('one version that is lost is one', () => {
  const { forgetLost } = snapshotMessages.en
  expect(forgetLost(1, '25 B')).toBe('1 version of a file is in no other snapshot and is lost: 25 B.')
  expect(forgetLost(1200, '3 KiB')).toBe('1,200 versions of files are in no other snapshot and are lost: 3 KiB.')
})
