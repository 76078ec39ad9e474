import { ManualClock } from '@holdfast/engine/testing'
import { describe, expect, it } from 'vitest'
import { WokenWork } from './woken-work.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('work in the background', () => {
  it('is done at the start, when it is woken and from time to time, and not before or after', async () => {
    const clock = new ManualClock()
    let count = 0
    const work = new WokenWork({ clock, everyMs: 1000, work: async () => void count++ })
    const counted = async (action: () => void | Promise<void>): Promise<number> => {
      await action()
      await turn()
      return count
    }
    expect(await counted(() => work.wake())).toBe(0)
    expect(await counted(() => work.start())).toBe(1)
    expect(await counted(() => work.wake())).toBe(2)
    expect(await counted(() => clock.tick())).toBe(3)
    expect(await counted(() => work.stop())).toBe(3)
    expect(await counted(() => work.wake())).toBe(3)
    expect(await counted(() => clock.tick())).toBe(3)
    expect(await counted(() => work.start())).toBe(4)
    await work.stop()
  })

  it('is done once more, and not at the same time, for all who wake it meanwhile', async () => {
    let [count, atOnce, most] = [0, 0, 0]
    const work = new WokenWork({
      clock: new ManualClock(),
      everyMs: 1000,
      work: async () => {
        most = Math.max(most, ++atOnce)
        if (count++ === 0) for (let time = 0; time < 5; time++) work.wake()
        await turn()
        atOnce--
      },
    })
    work.start()
    for (let time = 0; time < 10; time++) await turn()
    expect([count, most]).toEqual([2, 1])
    await work.stop()
  })

  it('hears of more at whatever moment of its end that comes', async () => {
    for (let steps = 0; steps < 12; steps++) {
      let count = 0
      const wakeLater = async (): Promise<void> => {
        for (let step = 0; step < steps; step++) await Promise.resolve()
        work.wake()
      }
      const work = new WokenWork({
        clock: new ManualClock(),
        everyMs: 1000,
        work: async () => {
          if (count++ === 0) void wakeLater()
        },
      })
      work.start()
      await turn()
      expect([steps, count]).toEqual([steps, 2])
      await work.stop()
    }
  })

  it('is told to end, and waited for', async () => {
    let hasEnded = false
    const work = new WokenWork({
      clock: new ManualClock(),
      everyMs: 1000,
      work: async (signal) => {
        while (!signal.aborted) await turn()
        await turn()
        hasEnded = true
      },
    })
    work.start()
    await turn()
    await work.stop()
    expect(hasEnded).toBe(true)
  })
})
