import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { byteStringOf } from '../../format/byte-string.ts'
import { CACHE_MARKER } from '../exclusion-marker.ts'
import { weighSelection } from './preview.ts'
import { SELECT_ALL } from './selection.ts'

const LIMITS = { durationMs: 10_000, entries: 100_000, folders: 3 }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-preview-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function files(sizes: Readonly<Record<string, number>>): void {
  for (const [path, sizeBytes] of Object.entries(sizes)) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), Buffer.alloc(sizeBytes))
  }
}

test('weighs what is taken and what is left out, and names the heaviest', async () => {
  files({ 'a/1': 100, 'a/b/2': 200, 'a/skip/x': 1000, 'a/skip/deep/y': 500, 'big.log': 5000, 'c/d/e/3': 40 })
  const rules = { ...SELECT_ALL, excludes: ['*.log', 'skip'].map(byteStringOf) }
  const weight = await weighSelection([byteStringOf(folder)], { rules, limits: LIMITS })
  expect(weight).toEqual({
    included: { files: 3, folders: 6, bytes: 340 },
    excluded: { files: 3, folders: 2, bytes: 6500 },
    biggestFolders: [
      { path: `${folder}/a`, files: 2, bytes: 300 },
      { path: `${folder}/a/b`, files: 1, bytes: 200 },
      { path: `${folder}/c/d/e`, files: 1, bytes: 40 },
    ],
    biggestExcluded: [
      { path: `${folder}/big.log`, files: 1, bytes: 5000 },
      { path: `${folder}/a/skip`, files: 2, bytes: 1500 },
    ],
    unreadable: 0,
    isPartial: false,
  })
})

test('weighs by markers and sizes as a backup does', async () => {
  files({ 'cache/data': 70, 'cache/deep/more': 30, huge: 900, small: 5 })
  const header = Buffer.from(CACHE_MARKER.header)
  writeFileSync(join(folder, 'cache/CACHEDIR.TAG'), header)
  const rules = { ...SELECT_ALL, markers: [CACHE_MARKER], excludeLargerThanBytes: 500 }
  const { included, excluded } = await weighSelection([byteStringOf(folder)], { rules, limits: LIMITS })
  expect(included).toEqual({ files: 2, folders: 2, bytes: 5 + header.length })
  expect(excluded).toEqual({ files: 3, folders: 1, bytes: 1000 })
})

test('says when it did not see everything', async () => {
  files(Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}`, 10])))
  const weight = await weighSelection([byteStringOf(folder)], { rules: SELECT_ALL, limits: { ...LIMITS, entries: 20 } })
  expect(weight).toMatchObject({ included: { files: 19, bytes: 190 }, isPartial: true })
  const late = { ...LIMITS, durationMs: -1 }
  files(Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`g${index}`, 10])))
  expect((await weighSelection([byteStringOf(folder)], { rules: SELECT_ALL, limits: late })).isPartial).toBe(true)
})

test('gives up when it is told to', async () => {
  const stop = new AbortController()
  const weight = weighSelection([byteStringOf('/')], { rules: SELECT_ALL, limits: { ...LIMITS, entries: 1e9 }, signal: stop.signal })
  stop.abort()
  await expect(weight).rejects.toThrow()
  const late = weighSelection([byteStringOf(folder)], { rules: SELECT_ALL, limits: LIMITS, signal: AbortSignal.abort(new Error('gone')) })
  await expect(late).rejects.toThrow('gone')
})
