import { describe, expect, test } from 'vitest'
import { clientsCall, isFiltered, machineOf, readClientsSearch } from './client-filters.ts'

describe('the address of the list of clients', () => {
  test('says what is shown', () => {
    expect(readClientsSearch({ search: 'desk', state: 'failed', owner: 3, sort: 'lastBackupAt', order: 'desc' })).toEqual({
      search: 'desk',
      state: 'failed',
      owner: 3,
      sort: 'lastBackupAt',
      order: 'desc',
    })
  })

  test('says nothing of what is as usual', () => {
    expect(readClientsSearch({ search: '', sort: 'name', order: 'asc' })).toEqual({})
  })

  test.each([
    { state: 'burning' },
    { owner: -1 },
    { owner: 'x' },
    { owner: 1.5 },
    { sort: 'id; drop table' },
    { search: ['a'] },
    { search: null },
  ])('does without %j', (raw) => {
    expect(readClientsSearch(raw)).toEqual({})
  })

  test('finds machines whose names are numbers, and asks for no more than the server takes', () => {
    expect(readClientsSearch({ search: 42 })).toEqual({ search: '42' })
    expect(readClientsSearch({ search: 'x'.repeat(500) }).search).toHaveLength(200)
  })

  test('becomes a call of the server, by name where nothing else is said', () => {
    expect(clientsCall({})).toEqual({ search: undefined, state: undefined, ownerId: undefined, sort: 'name', order: 'asc' })
    expect(clientsCall({ owner: 2, sort: 'state', order: 'desc' })).toMatchObject({ ownerId: 2, sort: 'state', order: 'desc' })
  })

  test('leaves out by filters, not by order', () => {
    expect(isFiltered({ sort: 'state', order: 'desc' })).toBe(false)
    expect([{ search: 'a' }, { state: 'ok' as const }, { owner: 1 }].map(isFiltered)).toEqual([true, true, true])
  })
})

test('a machine is told by what its agent said', () => {
  expect(machineOf({ platform: 'linux x64', version: '0.1.0' })).toBe('linux x64 · 0.1.0')
  expect(machineOf({ platform: null, version: '0.1.0' })).toBe('0.1.0')
  expect(machineOf({ platform: null, version: null })).toBe('')
})
