import type { FoundFile } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { foundRows } from './found-groups.ts'

function fileOf(clientId: number | null, path: string): FoundFile {
  const newestSnapshot = { id: 1, time: '2026-11-21T00:00:00.000Z' }
  const clientName = clientId === null ? null : `client ${clientId}`
  return {
    clientId,
    clientName,
    path,
    name: path,
    folder: '/',
    kind: 'file',
    versionCount: 1,
    sizeBytes: 1,
    modifiedAt: null,
    newestSnapshot,
  }
}

test('files stand below their clients, one heading each', () => {
  const rows = foundRows([fileOf(null, '/a'), fileOf(2, '/b'), fileOf(2, '/c'), fileOf(5, '/d')])
  expect(rows.map((row) => (row.kind === 'client' ? row.name : row.file.path))).toEqual([
    null,
    '/a',
    'client 2',
    '/b',
    '/c',
    'client 5',
    '/d',
  ])
})
