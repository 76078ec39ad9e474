import { describe, expect, test } from 'vitest'
import { bytesOf, shownBytes } from './bytes-amount.ts'

describe('an amount of bytes', () => {
  test.each([
    [{ amount: '', unit: 2 }, { bytes: undefined }],
    [{ amount: 1.5, unit: 3 }, { bytes: 1_610_612_736 }],
    [{ amount: 0.001, unit: 1 }, { bytes: 1 }],
    [{ amount: 0, unit: 2 }, { bytes: 0 }],
    [
      { amount: -5, unit: 2 },
      { bytes: -1, fault: 'notAmount' },
    ],
    [
      { amount: '-', unit: 2 },
      { bytes: -1, fault: 'notAmount' },
    ],
    [
      { amount: '99999999999999999999', unit: 2 },
      { bytes: 1e20 * 1024 ** 2, fault: 'tooMuch' },
    ],
    [
      { amount: 1.5, unit: 0 },
      { bytes: 1.5, fault: 'notWholeBytes' },
    ],
  ] as const)('that is entered as %j is %j: nothing that is wrong is taken for no limit', (entered, read) => {
    expect(bytesOf(entered)).toEqual(read)
  })

  test('stays as it was entered, in whichever unit', () => {
    for (const unit of [3, 0, 4]) {
      const entered = { amount: 1.5, unit }
      expect(shownBytes(bytesOf(entered).bytes, entered)).toBe(entered)
    }
    const wrong = { amount: -5, unit: 2 }
    expect(shownBytes(bytesOf(wrong).bytes, wrong)).toBe(wrong)
  })

  test('that comes from elsewhere is shown in the largest unit that it fills', () => {
    expect(shownBytes(3 * 1024 ** 3, undefined)).toEqual({ amount: 3, unit: 3 })
    expect(shownBytes(1000, { amount: 7, unit: 4 })).toEqual({ amount: 1000, unit: 0 })
    expect(shownBytes(0, undefined)).toEqual({ amount: 0, unit: 0 })
    expect(shownBytes(undefined, { amount: 7, unit: 4 })).toEqual({ amount: '', unit: 4 })
    expect(shownBytes(undefined, undefined)).toEqual({ amount: '', unit: 2 })
  })
})
