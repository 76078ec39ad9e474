import { describe, expect, it } from 'vitest'
import { describeGroup, formatGroupBy, GROUP_BY_HOST_AND_PATHS, groupSnapshots, parseGroupBy } from './grouping.ts'

describe('parseGroupBy', () => {
  it.each([
    ['host,paths', 'host,paths'],
    ['tags,host', 'host,tags'],
    ['hosts,path,tag', 'host,paths,tags'],
    ['', ''],
    [',,host,host', 'host'],
  ])('reads %j', (text, same) => {
    expect(formatGroupBy(parseGroupBy(text))).toBe(same)
  })

  it('refuses what it does not know', () => {
    for (const text of ['Host', 'host, paths', 'user']) expect(() => parseGroupBy(text)).toThrow(/^Cannot group snapshots by /)
    expect(parseGroupBy('host,paths')).toEqual(GROUP_BY_HOST_AND_PATHS)
  })
})

describe('groupSnapshots', () => {
  const a1 = { hostname: 'a', paths: ['/x', '/y'], tags: ['t', 's'] }
  const a2 = { hostname: 'a', paths: ['/y', '/x'], tags: ['s', 't'] }
  const a3 = { hostname: 'a', paths: ['/x'] }
  const b1 = { hostname: 'b', paths: ['/x'], tags: [] }
  const nameless = { paths: ['/x'] }
  const all = [b1, a1, a3, a2, nameless]

  it('groups by host and paths, whatever their order', () => {
    expect(groupSnapshots(all, GROUP_BY_HOST_AND_PATHS)).toEqual([
      { key: { hostname: '', paths: ['/x'], tags: null }, snapshots: [nameless] },
      { key: { hostname: 'a', paths: ['/x'], tags: null }, snapshots: [a3] },
      { key: { hostname: 'a', paths: ['/x', '/y'], tags: null }, snapshots: [a1, a2] },
      { key: { hostname: 'b', paths: ['/x'], tags: null }, snapshots: [b1] },
    ])
  })

  it('groups by tags, where no tags are null as in the JSON of restic', () => {
    const groups = groupSnapshots(all, parseGroupBy('tags'))
    expect(groups).toEqual([
      { key: { hostname: '', paths: null, tags: null }, snapshots: [b1, a3, nameless] },
      { key: { hostname: '', paths: null, tags: ['s', 't'] }, snapshots: [a1, a2] },
    ])
    expect(JSON.stringify(groups[1]?.key)).toBe('{"hostname":"","paths":null,"tags":["s","t"]}')
  })

  it('makes one group of everything without criteria, and none of nothing', () => {
    expect(groupSnapshots(all, parseGroupBy(''))).toEqual([{ key: { hostname: '', paths: null, tags: null }, snapshots: all }])
    expect(groupSnapshots([], parseGroupBy(''))).toEqual([])
  })

  it('does not confuse keys, drops no duplicates, sorts by the bytes of UTF-8 and leaves its input as it is', () => {
    const tricky = [['/x,/y'], ['/x', '/y'], ['/x', '/x', '/y'], ['/\u{1f600}', '/\uff5e']].map((paths) => ({ paths }))
    const groups = groupSnapshots(tricky, parseGroupBy('paths'))
    expect(groups.map(({ key }) => key.paths)).toEqual([['/x', '/x', '/y'], ['/x', '/y'], ['/x,/y'], ['/\uff5e', '/\u{1f600}']])
    expect(tricky[3]?.paths).toEqual(['/\u{1f600}', '/\uff5e'])
  })
})

describe('describeGroup', () => {
  it('names what the members have in common', () => {
    expect(describeGroup({ hostname: 'a', paths: ['/x', '/y'], tags: ['t'] })).toBe('host a, path [/x /y], tags [t]')
    expect(describeGroup({ hostname: '', paths: null, tags: null })).toBe('')
  })
})
