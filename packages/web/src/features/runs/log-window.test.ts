import type { RunLogEntry, RunLogPage } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { LINES_MAX, type LogSource, LogWindow } from './log-window.ts'

const PAGE = 1000

/** A log that is written to, as the server has it. */
class WrittenLog implements LogSource {
  readonly lines: RunLogEntry[] = []

  write(count: number): readonly RunLogEntry[] {
    const from = this.lines.length
    const added = Array.from({ length: count }, (_, index) => lineOf(from + index + 1))
    this.lines.push(...added)
    return added
  }

  async earlier(beforeId: number | undefined): Promise<RunLogPage> {
    const lines = this.lines.filter(({ id }) => id < (beforeId ?? Number.POSITIVE_INFINITY))
    return { items: lines.slice(-PAGE), next: lines.length > PAGE ? 'more' : null }
  }

  async later(afterId: number): Promise<RunLogPage> {
    const lines = this.lines.filter(({ id }) => id > afterId)
    return { items: lines.slice(0, PAGE), next: lines.length > PAGE ? 'more' : null }
  }
}

function lineOf(id: number): RunLogEntry {
  return { id, at: '2026-03-10T12:00:00.000Z', level: 'info', message: `line ${id}` }
}

function idsOf({ part: { lines } }: LogWindow): readonly [number | undefined, number | undefined, number] {
  // No gap anywhere: what a gap hides nobody would ever see.
  expect(lines.every(({ id }, index) => index === 0 || id === (lines[index - 1]?.id ?? 0) + 1)).toBe(true)
  return [lines[0]?.id, lines.at(-1)?.id, lines.length]
}

async function windowOf(log: WrittenLog): Promise<LogWindow> {
  const window = new LogWindow(log)
  await window.toEnd()
  return window
}

test('a log that is followed keeps so many lines and no more, and the oldest are fetched again', async () => {
  const log = new WrittenLog()
  const window = await windowOf(log)
  for (let round = 0; round < 120; round++) window.hear(log.write(100))
  expect(idsOf(window)).toEqual([7001, 12_000, LINES_MAX])
  expect(window.part.hasOlder).toBe(true)
  await window.loadOlder()
  expect(idsOf(window)).toEqual([6001, 11_000, LINES_MAX])
  for (let round = 0; round < 6; round++) await window.loadOlder()
  expect(idsOf(window)).toEqual([1, 5000, LINES_MAX])
  expect(window.part).toMatchObject({ hasOlder: false, hasNewer: true })
  for (let round = 0; round < 7; round++) await window.loadNewer()
  expect(idsOf(window)).toEqual([7001, 12_000, LINES_MAX])
  expect(window.part).toMatchObject({ hasOlder: true, hasNewer: false })
})

test('what is read is not taken away by what is written', async () => {
  const log = new WrittenLog()
  log.write(4950)
  const window = await windowOf(log)
  for (let round = 0; round < 4; round++) await window.loadOlder()
  window.read({ isAtEnd: false })
  for (let round = 0; round < 20; round++) window.hear(log.write(100))
  expect(idsOf(window)).toEqual([1, 5000, LINES_MAX])
  await window.toEnd()
  expect(idsOf(window)).toEqual([5951, 6950, PAGE])
  window.hear(log.write(1))
  expect(idsOf(window)).toEqual([5951, 6951, PAGE + 1])
})

test('what was written while nothing could be heard is fetched, and after a long time the end alone', async () => {
  const log = new WrittenLog()
  log.write(10)
  const window = await windowOf(log)
  log.write(10)
  const caughtUp = window.catchUp()
  window.hear(log.write(6))
  await caughtUp
  expect(idsOf(window)).toEqual([1, 26, 26])
  log.write(PAGE * 3)
  await window.catchUp()
  expect(idsOf(window)).toEqual([PAGE * 2 + 27, PAGE * 3 + 26, PAGE])
})

test('a gap that is noticed while the first lines are fetched is closed after it', async () => {
  const log = new WrittenLog()
  log.write(3)
  const window = new LogWindow(log)
  const loaded = window.toEnd()
  log.write(2)
  const caughtUp = window.catchUp()
  window.hear(log.write(1))
  await Promise.all([caughtUp, loaded])
  await new Promise(setImmediate)
  expect(idsOf(window)).toEqual([1, 6, 6])
})

test('a failure is told, and what failed is tried again', async () => {
  const log = new WrittenLog()
  log.write(2)
  let isDown = true
  const window = new LogWindow({
    later: (id) => log.later(id),
    earlier: (id) => (isDown ? Promise.reject(new Error('down')) : log.earlier(id)),
  })
  await window.toEnd()
  expect(window.part).toMatchObject({ isWaiting: false, failure: { message: 'down' } })
  isDown = false
  const heard = new Promise<void>((resolve) => window.subscribe(() => window.part.failure === null && resolve()))
  window.retry()
  await heard
  expect(idsOf(window)).toEqual([1, 2, 2])
})
