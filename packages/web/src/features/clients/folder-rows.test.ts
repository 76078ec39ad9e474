import type { MachineEntry, MachineFolder } from '@holdfast/protocol'
import { describe, expect, test } from 'vitest'
import { type FolderState, rowsOf, toggled } from './folder-rows.ts'

const entry = (path: string, kind: MachineEntry['kind'] = 'dir'): MachineEntry => ({
  path,
  selectionPath: path,
  name: path,
  kind,
  sizeBytes: null,
  modifiedAt: null,
})
const folder = (path: string | null, entries: readonly MachineEntry[], isTruncated = false): [string, FolderState] => [
  path ?? '',
  { folder: { path, entries: [...entries], isTruncated } satisfies MachineFolder, failure: null },
]
const FOLDERS = new Map([
  folder(null, [entry('/')]),
  folder('/', [entry('/etc'), entry('/home'), entry('/notes', 'file')]),
  folder('/home', [entry('/home/ann'), entry('/home/bob')], true),
])

function shown(open: readonly string[], selected: readonly string[] = []): readonly string[] {
  return rowsOf({ folders: FOLDERS, open: new Set(open), selected }).map((row) =>
    row.kind === 'entry' ? `${row.level} ${row.entry.path} ${row.tick}` : `${row.level} ${row.kind}`,
  )
}

describe('the lines of a tree of folders', () => {
  test('are those of the folders that are open, and say what is still to come or was left out', () => {
    expect(shown([])).toEqual(['1 / off'])
    expect(shown(['/', '/home', '/etc'])).toEqual([
      '1 / off',
      '2 /etc off',
      '3 waiting',
      '2 /home off',
      '3 /home/ann off',
      '3 /home/bob off',
      '3 truncated',
      '2 /notes off',
    ])
  })

  test('say why a folder cannot be read', () => {
    const failure = new Error('no answer')
    const folders = new Map([...FOLDERS, ['/etc', { folder: undefined, failure }] as const])
    const rows = rowsOf({ folders, open: new Set(['/', '/etc']), selected: [] })
    expect(rows.find(({ kind }) => kind === 'failed')).toMatchObject({ path: '/etc', failure, level: 3 })
  })

  test('tell what is selected by itself, by a folder above it, and in part', () => {
    expect(shown(['/', '/home'], ['/home/ann', '/notes'])).toEqual([
      '1 / partly',
      '2 /etc off',
      '2 /home partly',
      '3 /home/ann on',
      '3 /home/bob off',
      '3 truncated',
      '2 /notes on',
    ])
    expect(shown(['/', '/home'], ['/home'])).toContain('3 /home/bob within')
    // A name that only begins alike is somewhere else.
    expect(shown(['/'], ['/home2'])).toContain('2 /home off')
  })
})

describe('a selection', () => {
  test('needs nothing named that is in a folder it has', () => {
    expect(toggled(['/home/ann', '/etc'], '/home')).toEqual(['/etc', '/home'])
    expect(toggled(['/home2', '/home/ann'], '/home')).toEqual(['/home2', '/home'])
    expect(toggled(['/home', '/etc'], '/')).toEqual(['/'])
  })

  test('loses what is unticked', () => {
    expect(toggled(['/home', '/etc'], '/home')).toEqual(['/etc'])
  })
})
