import { newRestoreSchema } from '@holdfast/protocol'
import { expect, it } from 'vitest'
import { targetFault } from './restore-target.ts'

it.each([
  ['/restored', undefined],
  ['/', undefined],
  ['/C:\\restored', undefined],
  ['', 'targetMissing'],
  ['C:\\restored', 'targetOfWindows'],
  ['c:/restored', 'targetOfWindows'],
  ['D:', 'targetOfWindows'],
  ['\\\\nas\\restored', 'targetOfWindows'],
  ['restored', 'targetNotWhole'],
  ['\\restored', 'targetNotWhole'],
  ['~/restored', 'targetNotWhole'],
  ['./restored', 'targetNotWhole'],
] as const)('says of %j what the server would refuse', (target, fault) => {
  expect(targetFault(target)).toBe(fault)
  expect(newRestoreSchema.safeParse({ target }).success).toBe(fault === undefined)
})
