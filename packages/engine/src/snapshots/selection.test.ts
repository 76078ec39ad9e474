import { describe, expect, it } from 'vitest'
import type { BlobId, SnapshotId } from '../format/ids.ts'
import type { StoredSnapshot } from '../format/snapshot.ts'
import type { Timestamp } from '../format/timestamp.ts'
import { filterSnapshots, findSnapshot, parseSnapshotSpec, selectSnapshots } from './selection.ts'

const oldest = snapshot('aa00', '2024-01-01T00:00:00Z', { hostname: 'alpha', paths: ['/home'], tags: ['a'] })
const newest = snapshot('aa11', '2024-06-01T02:00:00+02:00', { hostname: 'beta', paths: ['/home', '/etc'], tags: ['a', 'b'] })
const middle = snapshot('bb22', '2024-05-31T23:59:59.5Z', { hostname: 'alpha', paths: ['/etc'] })
const all = [newest, oldest, middle]

describe('filterSnapshots', () => {
  it.each([
    [{}, all],
    [{ hosts: [], tags: [], paths: [] }, all],
    [{ hosts: ['alpha'] }, [oldest, middle]],
    [{ hosts: ['alpha', 'beta'] }, all],
    [{ hosts: ['Alpha'] }, []],
    [{ tags: [['a', 'b']] }, [newest]],
    [{ tags: [['b'], ['']] }, [newest, middle]],
    [{ paths: ['/etc', '/home'] }, [newest]],
    [{ paths: ['/etc/'] }, []],
    [{ hosts: ['alpha'], tags: [['a']], paths: ['/home'] }, [oldest]],
  ])('%j', (filter, expected) => {
    expect(filterSnapshots(all, filter)).toEqual(expected)
  })
})

describe('parseSnapshotSpec', () => {
  it.each([
    ['latest', { which: { age: 0 }, subfolder: '' }],
    ['latest~12', { which: { age: 12 }, subfolder: '' }],
    ['latest:/home/a:b', { which: { age: 0 }, subfolder: '/home/a:b' }],
    ['4bba301e:', { which: { idPrefix: '4bba301e' }, subfolder: '' }],
    ['4', { which: { idPrefix: '4' }, subfolder: '' }],
  ])('reads %j', (text, expected) => {
    expect(parseSnapshotSpec(text)).toEqual(expected)
  })

  it.each(['', ':/home', 'Latest', 'latest~', 'latest~-1', 'latest~1x', '4BBA', 'xyz', 'a'.repeat(65), `latest~${'9'.repeat(400)}`])(
    'refuses %j',
    (text) => {
      expect(() => parseSnapshotSpec(text)).toThrow(/^Cannot read snapshot /)
    },
  )
})

describe('findSnapshot', () => {
  it('finds the latest, by time and not by place', () => {
    expect(findSnapshot(all, 'latest').snapshot).toBe(newest)
    expect(findSnapshot(all, 'latest~1').snapshot).toBe(middle)
    expect(findSnapshot(all, 'latest~2:/home')).toEqual({ snapshot: oldest, subfolder: '/home' })
    expect(findSnapshot(all, 'latest', { hosts: ['alpha'] }).snapshot).toBe(middle)
  })

  it('takes the last of several of one moment', () => {
    const twin = snapshot('cc33', '2024-06-01T00:00:00Z', { paths: [] })
    expect(findSnapshot([twin, ...all], 'latest').snapshot).toBe(newest)
    expect(findSnapshot([...all, twin], 'latest').snapshot).toBe(twin)
  })

  it('finds by id whatever the filter', () => {
    expect(findSnapshot(all, 'bb', { hosts: ['beta'] }).snapshot).toBe(middle)
    expect(findSnapshot(all, newest.id).snapshot).toBe(newest)
  })

  it.each([
    ['aa', { code: 'snapshot.ambiguous', message: 'Cannot choose snapshot "aa": more than one id begins with that' }],
    ['cc', { code: 'snapshot.not-found', message: 'Cannot find snapshot "cc": no id begins with that' }],
    ['latest~3', { code: 'snapshot.not-found', message: 'Cannot find snapshot latest~3: only 3 snapshots in the repository' }],
  ])('says why it finds nothing for %s', (text, failure) => {
    expect(() => findSnapshot(all, text)).toThrow(expect.objectContaining(failure))
  })

  it('names the filter that nothing fits', () => {
    const message = 'Cannot find latest snapshot: no snapshot fits hosts x, y and tags [a, b] or [] and paths /p'
    const filter = { hosts: ['x', 'y'], tags: [['a', 'b'], ['']], paths: ['/p'] }
    expect(() => findSnapshot(all, 'latest', filter)).toThrow(expect.objectContaining({ code: 'snapshot.not-found', message }))
  })
})

describe('selectSnapshots', () => {
  it('takes all that fit where none is named', () => {
    expect(selectSnapshots(all, [], { hosts: ['alpha'] })).toEqual({ snapshots: [oldest, middle], filterIgnored: false })
  })

  it('takes the named ones once each, in their order', () => {
    expect(selectSnapshots(all, ['bb', 'aa0', 'latest', 'bb22', 'latest~1'])).toEqual({
      snapshots: [middle, oldest, newest],
      filterIgnored: false,
    })
  })

  it('tells when a filter has no say', () => {
    expect(selectSnapshots(all, ['bb'], { hosts: ['beta'] }).filterIgnored).toBe(true)
    expect(selectSnapshots(all, ['bb', 'latest'], { hosts: ['beta'] }).filterIgnored).toBe(false)
  })

  it('refuses folders, unknown and ambiguous names', () => {
    expect(() => selectSnapshots(all, ['bb:/home'])).toThrow(expect.objectContaining({ code: 'input.invalid' }))
    expect(() => selectSnapshots(all, ['bb', 'dd'])).toThrow(expect.objectContaining({ code: 'snapshot.not-found' }))
    expect(() => selectSnapshots(all, ['aa'])).toThrow(expect.objectContaining({ code: 'snapshot.ambiguous' }))
  })
})

function snapshot(idPrefix: string, time: string, fields: Pick<StoredSnapshot, 'hostname' | 'paths' | 'tags'>): StoredSnapshot {
  return { id: idPrefix.padEnd(64, '0') as SnapshotId, time: time as Timestamp, tree: '0'.repeat(64) as BlobId, ...fields }
}
