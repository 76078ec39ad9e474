import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { byteStringOf } from '../../format/byte-string.ts'
import { estimateBackup } from './estimate.ts'
import { SELECT_ALL } from './selection.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-estimate-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('counts what the rules leave', async () => {
  mkdirSync(join(folder, 'a/b'), { recursive: true })
  for (const [name, sizeBytes] of Object.entries({ 'a/1': 10, 'a/b/2': 20, 'a/b/skip.log': 1000, '3': 5 }))
    writeFileSync(join(folder, name), Buffer.alloc(sizeBytes))
  const all = await estimateBackup([byteStringOf(folder)], { rules: SELECT_ALL })
  expect(all).toEqual({ files: 4, folders: 3, bytes: 1035 })
  const some = await estimateBackup([byteStringOf(folder)], { rules: { ...SELECT_ALL, excludes: [byteStringOf('*.log')] } })
  expect(some).toEqual({ files: 3, folders: 3, bytes: 35 })
  expect(await estimateBackup([byteStringOf('/nowhere')], { rules: SELECT_ALL })).toEqual({ files: 0, folders: 0, bytes: 0 })
})
