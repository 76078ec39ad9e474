import { beforeEach, expect, test } from 'vitest'
import { Outage } from './outage.ts'

const AWAY = 'warning away; trying again'
const BACK = 'info The server answers again; the work goes on'

let lines: string[]
let outage: Outage
beforeEach(() => {
  lines = []
  outage = new Outage((level, message) => lines.push(`${level} ${message}`))
})

test('calls side by side tell of one outage, and of its end when the last of them has its answer', () => {
  const calls = [outage.watch(), outage.watch(), outage.watch()] as const
  for (let round = 0; round < 5; round++) for (const call of calls) call.failed('away')
  expect(lines).toEqual([AWAY])
  calls[0].answered()
  outage.watch().answered()
  calls[1].answered()
  expect(lines).toEqual([AWAY])
  calls[2].answered()
  calls[2].answered()
  expect(lines).toEqual([AWAY, BACK])
  calls[0].failed('away')
  expect(lines).toEqual([AWAY, BACK, AWAY])
})

test('calls that are given up end no outage, but do not hold its end up', () => {
  {
    using call = outage.watch()
    call.failed('away')
  }
  expect(lines).toEqual([AWAY])
  using next = outage.watch()
  next.failed('away')
  next.answered()
  expect(lines).toEqual([AWAY, BACK])
})

test('a server that comes and goes does not fill the log', () => {
  const call = outage.watch()
  for (let round = 0; round < 1000; round++) {
    call.failed('away')
    call.answered()
  }
  expect(lines.length).toBe(41)
  expect(lines.at(-1)).toBe('warning away; trying again, as from now on without a word')
})
