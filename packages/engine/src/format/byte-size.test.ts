import { describe, expect, it } from 'vitest'
import { parseByteSize } from './byte-size.ts'

describe('parseByteSize', () => {
  it.each([
    ['0', 0],
    ['2048', 2048],
    ['17b', 17],
    ['1k', 1024],
    ['10K', 10_240],
    ['20m', 20 * 1024 ** 2],
    ['+20M', 20 * 1024 ** 2],
    ['3G', 3 * 1024 ** 3],
    ['2T', 2 * 1024 ** 4],
    ['007k', 7168],
  ])('%s is %d bytes', (text, sizeBytes) => {
    expect(parseByteSize(text)).toBe(sizeBytes)
  })

  it.each(['', 'k', '1.5G', '-1', '1 M', ' 1', '1MB', '1MiB', '1P', '0x10', '1_000', '1e3', '８', '9007199254740992', '99999999T'])(
    'refuses %j',
    (text) => {
      expect(() => parseByteSize(text)).toThrow(expect.objectContaining({ code: 'input.invalid' }))
    },
  )
})
