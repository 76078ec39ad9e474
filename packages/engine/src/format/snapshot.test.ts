import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BlobId, SnapshotId } from './ids.ts'
import { decodeSnapshot, encodeSnapshot, type Snapshot, type SnapshotSummary } from './snapshot.ts'
import { formatTimestamp, type Timestamp } from './timestamp.ts'

const ID = 'ab'.repeat(32)
const TIME = '2024-02-29T12:00:00.5+01:00' as Timestamp

const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 })
const anyTexts = fc.array(anyText, { minLength: 1, maxLength: 3 })
const anyTime = fc.tuple(fc.nat(4_000_000_000), fc.nat(999_999_999)).map(([seconds, rest]) => formatTimestamp(seconds, rest))
const anyCount = fc.maxSafeNat()
const anyUserId = fc.integer({ min: 1, max: 0xffff_ffff })

function anyId<T extends string>(): fc.Arbitrary<T> {
  return fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex') as T)
}

const anySummary: fc.Arbitrary<SnapshotSummary> = fc.record({
  backup_start: anyTime,
  backup_end: anyTime,
  files_new: anyCount,
  files_changed: anyCount,
  files_unmodified: anyCount,
  dirs_new: anyCount,
  dirs_changed: anyCount,
  dirs_unmodified: anyCount,
  data_blobs: anyCount,
  tree_blobs: anyCount,
  data_added: anyCount,
  data_added_packed: anyCount,
  total_files_processed: anyCount,
  total_bytes_processed: anyCount,
})

const anySnapshot: fc.Arbitrary<Snapshot> = fc.record(
  {
    time: anyTime,
    parent: anyId<SnapshotId>(),
    tree: anyId<BlobId>(),
    paths: fc.array(anyText, { maxLength: 3 }),
    hostname: anyText,
    username: anyText,
    uid: anyUserId,
    gid: anyUserId,
    excludes: anyTexts,
    tags: anyTexts,
    original: anyId<SnapshotId>(),
    program_version: anyText,
    summary: anySummary,
  },
  { requiredKeys: ['time', 'tree', 'paths'] },
)

function decode(value: unknown): Snapshot {
  return decodeSnapshot(Buffer.from(JSON.stringify(value)), ID as SnapshotId)
}

describe('a snapshot', () => {
  test('is decoded to what was encoded', () => {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        expect(decodeSnapshot(encodeSnapshot(snapshot), ID as SnapshotId)).toEqual({ ...snapshot, id: ID })
      }),
    )
  })

  test('has its fields in the order of restic, and nothing that is empty', () => {
    const snapshot: Snapshot = {
      time: TIME,
      parent: ID as SnapshotId,
      tree: ID as BlobId,
      paths: ['/a<b', '/\u2028'],
      hostname: 'h',
      username: 'u',
      uid: 1,
      gid: 2,
      excludes: ['*'],
      tags: ['t', 'ü'],
      original: ID as SnapshotId,
      program_version: 'holdfast 1',
    }
    expect(encodeSnapshot(snapshot).toString()).toBe(
      `{"time":"${TIME}","parent":"${ID}","tree":"${ID}","paths":["/a\\u003cb","/\\u2028"],"hostname":"h","username":"u","uid":1,"gid":2,` +
        `"excludes":["*"],"tags":["t","ü"],"original":"${ID}","program_version":"holdfast 1"}`,
    )
    const empty: Snapshot = { time: TIME, tree: ID as BlobId, paths: [], hostname: '', uid: 0, tags: [], excludes: [] }
    expect(encodeSnapshot(empty).toString()).toBe(`{"time":"${TIME}","tree":"${ID}","paths":[]}`)
  })

  test('of another program is read as Go reads it', () => {
    const read = decode({ time: TIME, tree: ID, paths: null, parent: null, label: 'x', delete: 'never', summary: { files_new: 3 } })
    expect(read).toMatchObject({ paths: [], summary: { files_new: 3, data_added: 0, backup_start: '0001-01-01T00:00:00Z' } })
    expect(Object.keys(read)).toEqual(['id', 'time', 'tree', 'paths', 'summary'])
  })

  test.each([
    { tree: undefined },
    { tree: null },
    { tree: 'x' },
    { time: undefined },
    { time: 'now' },
    { paths: 'a' },
    { paths: [1] },
    { tags: {} },
    { uid: -1 },
    { parent: '' },
    { original: ID.toUpperCase() },
    { summary: 1 },
    { summary: { files_new: -1 } },
    { summary: { backup_end: '' } },
  ])('is refused with %j', (fields) => {
    expect(() => decode({ time: TIME, tree: ID, paths: ['/a'], ...fields })).toThrow(expect.objectContaining({ code: 'data.malformed' }))
  })
})
