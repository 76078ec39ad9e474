import { describe, expect, it } from 'vitest'
import type { StoredFile } from '../store.ts'
import { expiredVersions } from './expired-versions.ts'
import { planRebuilds } from './rebuild-plan.ts'
import type { KeptSnapshot } from './store.ts'

const DAY_MS = 86_400_000
const NOW = 1000 * DAY_MS

describe('planRebuilds', () => {
  it('does nothing where nothing has expired and there are few', () => {
    expect(plan([['/a'], ['/b'], ['/c']])).toEqual([])
  })

  it('makes many small ones one, where their files can lie side by side', () => {
    const names = Array.from({ length: 10 }, (_, index) => [`/${index}`])
    expect(plan(names)).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]])
    // Each has a version of the same file.
    expect(plan(names.map((paths) => [...paths, '/log']))).toEqual([])
    // A file is not where another one has its folder.
    expect(plan([...names.slice(0, 7), ['/1/below']])).toEqual([])
  })

  it('leaves no more than a few, however they come', () => {
    const uploads = Array.from({ length: 400 }, (_, index) => [`/new/${index}`, `/changed/${index % 50}`])
    let contents = uploads
    for (let round = 0; round < 6; round++) {
      const rebuilds = plan(contents)
      const merged = new Set(rebuilds.flat())
      contents = [
        ...rebuilds.map((ids) => ids.flatMap((id) => contents[id - 1] ?? [])),
        ...contents.filter((_, index) => !merged.has(index + 1)),
      ]
    }
    // There are eight versions of each.
    expect(contents.length).toBeLessThan(20)
    expect(contents.flat().toSorted()).toEqual(uploads.flat().toSorted())
  })

  it('does not write a large one again for each small one', () => {
    const large = Array.from({ length: 9000 }, (_, index) => `/large/${index}`)
    const small = Array.from({ length: 8 }, (_, index) => [`/small/${index}`])
    expect(plan([large, ...small])).toEqual([[2, 3, 4, 5, 6, 7, 8, 9]])
  })

  it('leaves pinned ones alone, and tagged ones to themselves', () => {
    const names = Array.from({ length: 10 }, (_, index) => [`/${index}`])
    expect(plan(names, { pinned: [3] })).toEqual([[1, 2, 4, 5, 6, 7, 8, 9, 10]])
    expect(plan(names, { tagged: [3] })).toEqual([[1, 2, 4, 5, 6, 7, 8, 9, 10]])
    expect(plan([['/a', '/b'], ['/c']], { expired: ['/a', '/c'], pinned: [2] })).toEqual([[1]])
  })

  it('begins with what is to go as a whole', () => {
    expect(plan([['/a', '/b'], ['/c']], { expired: ['/a', '/c'] })).toEqual([[2], [1]])
  })
})

describe('expiredVersions', () => {
  const ids = (files: readonly StoredFile[], retention: object | null): number[] =>
    expiredVersions(files, { retention, now: NOW }).map(({ id }) => id)

  it('are those that are too old or too many, but for the newest', () => {
    const files = [40, 30, 20, 10].map((days, index) => file(index + 1, '/a', { uploaded_at: NOW - days * DAY_MS }))
    expect(ids(files, null)).toEqual([])
    expect(ids(files, { versions: 2 })).toEqual([2, 1])
    expect(ids(files, { days: 25 })).toEqual([2, 1])
    expect(ids(files, { days: 5 })).toEqual([3, 2, 1])
    expect(ids(files, { days: 35, versions: 2 })).toEqual([2, 1])
    expect(ids(files, { days: 15, versions: 3 })).toEqual([3, 2, 1])
  })

  it('are told by what came with the newest upload first', () => {
    const older = file(1, '/a', { uploaded_at: NOW - 2 })
    const newest = file(2, '/a', { uploaded_at: NOW - 1, retention_versions: 2 })
    expect(ids([older, newest], { versions: 1 })).toEqual([])
  })

  it('do not go for the sake of what is not yet safe', () => {
    const older = file(1, '/a', { uploaded_at: NOW - 2 })
    const newest = file(2, '/a', { uploaded_at: NOW - 1, spool_path: '/spool/x', register_id: null })
    expect(ids([older, newest], { versions: 1 })).toEqual([])
  })
})

/** The numbers of the snapshots that become one; those of `paths` are counted from 1. */
function plan(
  paths: readonly (readonly string[])[],
  options: { readonly expired?: readonly string[]; readonly pinned?: readonly number[]; readonly tagged?: readonly number[] } = {},
): number[][] {
  const { expired = [], pinned = [], tagged = [] } = options
  const snapshots = paths.map((_, index) => snapshot(index + 1, pinned, tagged))
  const files = paths.flatMap((names, index) => names.map((path) => file(index + 1, path)))
  const gone = new Set(files.filter(({ path }) => expired.includes(path)))
  return planRebuilds({ files, snapshots }, gone).map((rebuild) => rebuild.map((content) => content.snapshot.id))
}

function snapshot(id: number, pinned: readonly number[], tagged: readonly number[]): KeptSnapshot {
  return {
    ...{ id, snapshot_id: String(id), repository_id: 1, client_id: 1, plan_id: null, run_id: null, time: id, tree_id: '', hostname: '' },
    ...{ paths: '[]', tags: tagged.includes(id) ? '["mine"]' : '[]', is_pinned: pinned.includes(id) ? 1 : 0, is_leaving: 0 },
    ...{ size_bytes: null, file_count: null, added_bytes: null },
  }
}

function file(id: number, path: string, more: Partial<StoredFile> = {}): StoredFile {
  const nothing = { retention_days: null, retention_versions: null, spool_path: null }
  return { ...{ id, client_id: 1, path, uploaded_at: id, size_bytes: 1, file_hash: '', register_id: id }, ...nothing, ...more }
}
