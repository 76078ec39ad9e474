import { describe, expect, it } from 'vitest'
import type { StoredSnapshot } from '../format/snapshot.ts'
import type { Timestamp } from '../format/timestamp.ts'
import { systemClock } from '../host/clock.ts'
import { loadSnapshots } from '../snapshots/load-snapshots.ts'
import type { FileRef } from '../storage/storage.ts'
import { FaultyStorage } from '../testing/faulty-storage.ts'
import { MemoryStorage } from '../testing/memory-storage.ts'
import { sampleRepository, saveSample } from '../testing/sample-snapshots.ts'
import { executeForget, planForget, planForgetOf } from './forget.ts'
import { changedTags, changeTags } from './tag.ts'

const SNAPSHOTS: StoredSnapshot[] = ['alpha', 'beta'].flatMap((hostname) =>
  [1, 2, 3].map(
    (day) =>
      ({
        id: `${hostname}${day}`,
        tree: 'x',
        paths: ['/'],
        hostname,
        time: `2024-01-0${day}T00:00:00Z` as Timestamp,
      }) as unknown as StoredSnapshot,
  ),
)

describe('planForget', () => {
  it('judges each group by itself', () => {
    const plan = planForget(SNAPSHOTS, { policy: { last: 1 } })
    expect(plan.groups.map(({ keep }) => keep.map(({ id }) => id))).toEqual([['alpha3'], ['beta3']])
    expect(plan.remove.map(({ id }) => id)).toEqual(['alpha2', 'alpha1', 'beta2', 'beta1'])
    const together = planForget(SNAPSHOTS, { policy: { last: 1 }, groupBy: { host: false, paths: false, tags: false } })
    expect(together.remove).toHaveLength(5)
  })

  it('leaves something of every group', () => {
    const policy = { keepTags: [['never']] }
    expect(() => planForget(SNAPSHOTS, { policy })).toThrow(/nothing would be left of group "host alpha, path \[\/\]"/)
    expect(() => planForget(SNAPSHOTS, { policy, allowRemoveAll: true })).toThrow(/nothing would be left/)
    expect(() => planForget(SNAPSHOTS, { policy: {} })).toThrow(/no rule/)
    expect(planForget(SNAPSHOTS, { policy: {}, allowRemoveAll: true }).remove).toHaveLength(6)
  })
})

/** A storage that answers late, all but the first time, that it has removed something. */
class LateStorage extends MemoryStorage {
  #removed = 0

  override async remove(file: FileRef): Promise<void> {
    await super.remove(file)
    if (this.#removed++ > 0) await systemClock.sleep(50)
  }
}

describe('executeForget', () => {
  it('has told of all that is gone when it is cancelled', async () => {
    const repository = await sampleRepository({ storage: new LateStorage() })
    const snapshots = await Array.fromAsync([1, 2, 3, 4, 5, 6, 7, 8], (day) => saveSample(repository, { [`day ${day}`]: 'a' }))
    const gone: string[] = []
    const stopping = new AbortController()
    const onRemoved = (id: string): void => {
      gone.push(id)
      stopping.abort(new Error('enough'))
    }
    const forgetting = executeForget(repository, planForgetOf(snapshots), { signal: stopping.signal, onRemoved })
    await expect(forgetting).rejects.toThrow('enough')
    const left = (await loadSnapshots(repository)).map(({ id }) => id)
    expect(left.length).toBeGreaterThan(0)
    expect([...left, ...gone].toSorted()).toEqual(snapshots.map(({ id }) => id).toSorted())
  })

  it('removes what the plan says, and goes on where one cannot be removed', async () => {
    let doomed = ''
    const storage = new FaultyStorage(new MemoryStorage(), {
      fault: ({ operation, name }) => (operation === 'remove' && name === doomed ? 'fail' : undefined),
      code: 'storage.denied',
    })
    const repository = await sampleRepository({ storage })
    const snapshots = [
      await saveSample(repository, { a: 'a' }),
      await saveSample(repository, { b: 'b' }),
      await saveSample(repository, { c: 'c' }),
    ]
    const [first, second, third] = snapshots
    doomed = first?.id ?? ''
    const gone: string[] = []
    const plan = planForgetOf(snapshots.slice(0, 2))
    const result = await executeForget(repository, plan, { onRemoved: (id) => gone.push(id) })
    expect(result.removed).toEqual([second?.id])
    expect(gone).toEqual([second?.id])
    expect([...result.failed].map(([id, { code }]) => [id, code])).toEqual([[first?.id, 'storage.denied']])
    expect(new Set((await loadSnapshots(repository)).map(({ id }) => id))).toEqual(new Set([first?.id, third?.id]))
  })
})

describe('changeTags', () => {
  it('decides about tags as restic does', () => {
    expect(changedTags(['a', 'b', 'c'], { add: ['b', 'd'] })).toEqual(['a', 'b', 'c', 'd'])
    expect(changedTags(['a', 'b', 'c'], { remove: ['a', 'x'] })).toEqual(['c', 'b'])
    expect(changedTags(['a'], { add: ['a'], remove: ['b'] })).toBeUndefined()
    expect(changedTags(['a'], { add: ['b'], remove: ['b'] })).toEqual(['a'])
    expect(changedTags(['a'], { set: ['x', 'y'] })).toEqual(['x', 'y'])
    expect(changedTags(['a'], { set: [] })).toEqual([])
    expect(changedTags(['a'], { add: [''] })).toBeUndefined()
  })

  it('replaces snapshots that change, which remember the first of their line', async () => {
    const repository = await sampleRepository()
    const first = await saveSample(repository, { a: 'a' }, { tags: ['old'] })
    const other = await saveSample(repository, { b: 'b' }, { tags: ['new'] })
    const once = await changeTags(repository, [first, other], { change: { add: ['new'] } })
    expect([...once.changed.keys()]).toEqual([first.id])
    const [changed] = (await loadSnapshots(repository)).filter(({ id }) => id !== other.id)
    const { id: _id, ...fields } = first
    expect(changed).toEqual({ ...fields, id: once.changed.get(first.id), tags: ['old', 'new'], original: first.id })
    await changeTags(repository, changed === undefined ? [] : [changed], { change: { set: [] } })
    const [twice] = (await loadSnapshots(repository)).filter(({ id }) => id !== other.id)
    expect(twice).toMatchObject({ original: first.id })
    expect(twice?.tags).toBeUndefined()
    await expect(changeTags(repository, [first], { change: {} })).rejects.toMatchObject({ code: 'input.invalid' })
  })

  it('never removes a snapshot before its replacement is stored', async () => {
    let isFull = false
    const storage = new FaultyStorage(new MemoryStorage(), {
      fault: ({ operation }) => (isFull && operation === 'write' ? 'fail' : undefined),
      code: 'storage.full',
    })
    const repository = await sampleRepository({ storage })
    const snapshot = await saveSample(repository, { a: 'a' })
    isFull = true
    const { changed, failed } = await changeTags(repository, [snapshot], { change: { add: ['x'] } })
    expect(changed.size).toBe(0)
    expect(failed.get(snapshot.id)?.code).toBe('storage.full')
    expect(await loadSnapshots(repository)).toEqual([snapshot])
  })
})
