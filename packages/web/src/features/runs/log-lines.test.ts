import type { RunLogEntry } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { mergedLines } from './log-lines.ts'

function linesOf(...ids: number[]): RunLogEntry[] {
  return ids.map((id) => ({ id, at: '2026-03-10T12:00:00.000Z', level: 'info', message: `line ${id}` }))
}

test('new lines come behind, older ones before, and each is there once', () => {
  expect(mergedLines(linesOf(5, 6), linesOf(7, 9))).toEqual(linesOf(5, 6, 7, 9))
  expect(mergedLines(linesOf(5, 6), linesOf(1, 3))).toEqual(linesOf(1, 3, 5, 6))
  expect(mergedLines(linesOf(5, 6, 7), linesOf(6, 7, 8))).toEqual(linesOf(5, 6, 7, 8))
  expect(mergedLines([], linesOf(2, 1))).toEqual(linesOf(1, 2))
})

test('nothing new leaves the lines as they are', () => {
  const lines = linesOf(1, 2)
  expect(mergedLines(lines, [])).toBe(lines)
})
