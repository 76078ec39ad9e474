import { expect, test } from 'vitest'
import { sizeInWords } from './size-words.ts'

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [1023, '1023 bytes'],
  [1024, '1 KiB'],
  [1_073_741_824, '1 GiB'],
  [1_073_741_823, '1 GiB'],
  [1_610_612_736, '1.5 GiB'],
  [5_000_000, '4.77 MiB'],
  [Number.MAX_SAFE_INTEGER, '8 PiB'],
])('%d bytes are %s', (sizeBytes, words) => {
  expect(sizeInWords(sizeBytes)).toBe(words)
})
