import { describe, expect, it } from 'vitest'
import { ByteBudget } from './byte-budget.ts'

describe('a budget of bytes', () => {
  it('lets nobody hold more than the total, in order of arrival', async () => {
    const budget = new ByteBudget({ totalBytes: 10, shareBytes: 10, waitersMax: 5 })
    const order: string[] = []
    const first = await budget.take('a', 6)
    const second = budget.take('b', 8).then((room) => {
      order.push('b')
      return room
    })
    const third = budget.take('c', 2).then((room) => {
      order.push('c')
      return room
    })
    await settle()
    expect(order).toEqual([])
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    await Promise.all([second, third])
    expect(order).toEqual(['b', 'c'])
    expect(budget.heldBytes).toBe(10)
    ;(await second)[Symbol.dispose]()
    ;(await third)[Symbol.dispose]()
    expect(budget.heldBytes).toBe(0)
  })

  it('lets others pass by one who has used up his share', async () => {
    const budget = new ByteBudget({ totalBytes: 10, shareBytes: 4, waitersMax: 5 })
    const held = await budget.take('greedy', 7)
    const waiting = budget.take('greedy', 1)
    ;(await budget.take('modest', 3))[Symbol.dispose]()
    held[Symbol.dispose]()
    ;(await waiting)[Symbol.dispose]()
    expect(budget.heldBytes).toBe(0)
  })

  it('bounds the queue, and lets those go who do not wait any more', async () => {
    const budget = new ByteBudget({ totalBytes: 4, shareBytes: 4, waitersMax: 1 })
    const held = await budget.take('a', 99)
    expect(budget.heldBytes).toBe(4)
    const gone = new AbortController()
    const waiting = budget.take('b', 4, { signal: gone.signal })
    await expect(budget.take('c', 1)).rejects.toMatchObject({ code: 'server.unavailable' })
    gone.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
    held[Symbol.dispose]()
    ;(await budget.take('c', 4))[Symbol.dispose]()
    expect(budget.heldBytes).toBe(0)
  })
})

async function settle(): Promise<void> {
  await new Promise(setImmediate)
}
