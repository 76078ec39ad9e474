import type { Setup } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { isDone, mayHaveBegunElsewhere, openSteps, readWizardPlace, stepToShow, withBackup } from './wizard-steps.ts'

const NEW: Setup = {
  isPasswordGenerated: true,
  defaultRepositoryId: null,
  proposedRepository: '/srv/holdfast/repository',
  canProtectLocalMachine: true,
  localClientId: null,
  hasClient: false,
  hasFinishedBackup: false,
}
const READY: Setup = { ...NEW, isPasswordGenerated: false, defaultRepositoryId: 1 }
const NOWHERE = { step: undefined, clientId: undefined, runId: undefined }

test('goes on where the server is', () => {
  expect(stepToShow(NOWHERE, NEW)).toBe('password')
  expect(stepToShow(NOWHERE, { ...NEW, isPasswordGenerated: false })).toBe('repository')
  expect(stepToShow(NOWHERE, READY)).toBe('machine')
  expect(stepToShow({ ...NOWHERE, clientId: 3 }, READY)).toBe('folders')
  expect(stepToShow({ ...NOWHERE, clientId: 3, runId: 9 }, READY)).toBe('backup')
})

test('goes back where the address says so, and never ahead', () => {
  expect(stepToShow({ step: 'machine', clientId: 3, runId: undefined }, READY)).toBe('machine')
  expect(stepToShow({ step: 'backup', clientId: 3, runId: undefined }, READY)).toBe('folders')
  expect(stepToShow({ step: 'folders', clientId: 3, runId: 9 }, NEW)).toBe('password')
  expect(openSteps({ clientId: 3, runId: 9 }, READY)).toEqual(['machine', 'folders', 'backup'])
})

test('believes of an address what can be true', () => {
  expect(readWizardPlace({ step: 'folders', client: '3', run: '12' })).toEqual({ step: 'folders', clientId: 3, runId: 12 })
  expect(readWizardPlace({ step: 'elsewhere', client: '0', run: '1; drop' })).toEqual(NOWHERE)
  expect(readWizardPlace({ client: 7 })).toEqual(NOWHERE)
})

test('knows what lies behind', () => {
  expect(isDone('password', 'machine')).toBe(true)
  expect(isDone('folders', 'machine')).toBe(false)
})

test('goes on behind a backup that was begun elsewhere, where the address wants nothing', () => {
  const begun = { ...READY, hasClient: true }
  expect(mayHaveBegunElsewhere(NOWHERE, begun)).toBe(true)
  expect(mayHaveBegunElsewhere(NOWHERE, READY)).toBe(false)
  expect(mayHaveBegunElsewhere(NOWHERE, { ...begun, isPasswordGenerated: true })).toBe(false)
  expect(mayHaveBegunElsewhere({ ...NOWHERE, step: 'machine' }, begun)).toBe(false)
  expect(mayHaveBegunElsewhere({ ...NOWHERE, clientId: 3 }, begun)).toBe(false)
  expect(stepToShow(withBackup(NOWHERE, { id: 9, clientId: 3 }), begun)).toBe('backup')
  expect(stepToShow(withBackup(NOWHERE, undefined), begun)).toBe('machine')
})
