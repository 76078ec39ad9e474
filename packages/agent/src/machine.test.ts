import { machineSchema } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { describeMachine } from './machine.ts'
import { UNRESTRICTED } from './runner/machine-policy.ts'

test('tells what the owner of the machine allows, but no command', () => {
  expect(describeMachine('1')).not.toHaveProperty('policy')
  expect(describeMachine('1', UNRESTRICTED).policy).toEqual({ commands: 'allow', restores: 'allow', restorePaths: [], file: null })
  const commands = { fromServer: 'listed', lines: ['mysqldump --password=secret'], patterns: [/secret/], runAs: 'backup' } as const
  const narrow = describeMachine('1', { ...UNRESTRICTED, commands, restorePaths: ['/srv/restored'], file: '/etc/holdfast/agent.yaml' })
  expect(narrow.policy).toEqual({
    ...{ commands: 'listed', restores: 'listed', restorePaths: ['/srv/restored'] },
    file: '/etc/holdfast/agent.yaml',
  })
  expect(JSON.stringify(narrow)).not.toContain('secret')
  expect(describeMachine('1', { ...UNRESTRICTED, restorePaths: [] }).policy).toMatchObject({ restores: 'deny' })
})

test('tells no more of a long policy than servers take', () => {
  const long = `/srv/${'a'.repeat(1020)}`
  const restorePaths = [long, ...Array.from({ length: 200 }, (_, index) => `/srv/${index}`)]
  const machine = describeMachine('1', { ...UNRESTRICTED, restorePaths, file: long })
  expect(machineSchema.parse(machine).policy).toEqual({
    ...{ commands: 'allow', restores: 'listed', file: null },
    restorePaths: restorePaths.slice(1, 21),
  })
})
